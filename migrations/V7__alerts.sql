-- Who is to be told of which burst, and who has been. Times are microseconds since 1970, UTC.

-- A burst's change that members may have to be told of; written with the change itself, gone once all have been judged.
create table tells (
    id integer primary key autoincrement,
    burst_id integer not null references bursts (id),
    -- alerts::Standing before and after the change; before is null for a new burst.
    before text check (before is null or json_valid(before)),
    after text not null check (json_valid(after)),
    -- As of when members are judged.
    at integer not null,
    -- The last member who has been judged.
    judged_to integer not null default 0
) strict;

-- What each member has been told of a burst.
create table told (
    member_id integer not null references members (id) on delete cascade,
    burst_id integer not null references bursts (id),
    reason text not null,
    -- The burst's revision (tells.id) that it was told at.
    revision integer not null,
    -- What the member then knew: tier and 90 % radius, deg.
    tier text not null,
    error_radius_90 real,
    at integer not null,
    primary key (member_id, burst_id, reason, revision)
) strict, without rowid;

create index told_by_burst on told (burst_id, member_id);
