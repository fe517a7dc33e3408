-- What makes many observations at once cheap.

-- SHA-256 of what the observation says; the very same from the same member is found by it.
alter table observations add column fingerprint blob;

create index observations_by_fingerprint on observations (fingerprint);

-- A letter to this member about this burst is ordered already; what is posted before `until` goes into it.
create table gathering (
    member_id integer not null references members (id) on delete cascade,
    burst_id integer not null references bursts (id),
    until integer not null,
    primary key (member_id, burst_id)
) strict, without rowid;
