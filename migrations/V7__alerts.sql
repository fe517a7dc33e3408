-- Who is to be told of which burst, and who has been. Times are microseconds since 1970, UTC.

-- A burst's change that members may have to be told of; written with the change itself, gone once all have been judged.
create table tells (
    -- The burst's revision.
    id integer primary key autoincrement,
    burst_id integer not null references bursts (id),
    -- alerts::Standing before and after the change; before is null for a new burst.
    before text check (before is null or json_valid(before)),
    after text not null check (json_valid(after)),
    -- As of when members are judged.
    at integer not null,
    -- A replay's: letters are kept to be looked at, and never sent.
    kept integer not null,
    -- The last member who has been judged.
    judged_to integer not null default 0,
    -- How often judging has failed; after some times it is set aside.
    tries integer not null default 0
) strict;

create index tells_by_burst on tells (burst_id);

-- What each member has been told of a burst.
create table told (
    member_id integer not null references members (id) on delete cascade,
    -- The burst whose position was told; of one seen by several missions, the best.
    burst_id integer not null references bursts (id),
    reason text not null check (reason in ('new', 'better', 'classified', 'observable', 'withdrawn', 'digest')),
    -- The revision (tells.id) that it was told at.
    revision integer not null,
    -- The burst as which the member first heard of it: all letters about it are one thread.
    thread_id integer not null,
    -- What the member then knew: tier and 90 % radius, deg.
    tier text not null,
    error_radius_90 real,
    at integer not null,
    -- Its letter leaves then; later than `at` in quiet hours and for the morning's letter.
    due_at integer not null,
    -- What the keys of its parcels begin with: what became of them says whether the member has heard of it.
    letter text not null default '',
    -- By a replay: it counts for replays only, since nothing has been sent.
    kept integer not null default 0,
    primary key (member_id, burst_id, reason, revision)
) strict, without rowid;

create index told_by_burst on told (burst_id, member_id);
create index told_by_revision on told (revision);
create index told_by_time on told (at);
