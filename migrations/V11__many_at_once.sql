-- What makes many observations at once cheap.

-- SHA-256 of what the member posted; the very same again is found by it.
alter table observations add column posted_as blob;

create index observations_as_posted on observations (posted_as);

-- Until when what is posted of a burst goes into a letter to a member that is ordered already.
create table gathering (
    member_id integer not null references members (id) on delete cascade,
    burst_id integer not null references bursts (id),
    until integer not null,
    primary key (member_id, burst_id)
) strict, without rowid;
