-- What every area stands on. Times are microseconds since 1970, UTC.

-- Events that browsers hear, in the order of their commits. An id is never used twice.
create table events (
    id integer primary key autoincrement,
    topic text not null,
    -- What happened: burst.new, burst.updated …
    name text not null,
    -- {"type": name, "data": …}, as it is sent.
    data text not null,
    at integer not null
) strict;

create index events_by_time on events (at);

-- The newest slot of time in which each chore was done.
create table chores (
    name text primary key,
    slot integer not null
) strict;

-- Small facts about this installation that must survive a restart.
create table keepsakes (
    name text primary key,
    value text not null
) strict;
