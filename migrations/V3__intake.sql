-- What came in and where to go on. Times are microseconds since 1970, UTC.

-- What could not be read, whole, for the officer to look at.
create table aside (
    id integer primary key autoincrement,
    -- SHA-256 of the body.
    hash blob not null unique,
    topic text not null,
    -- Why it could not be read.
    reason text not null,
    body blob not null,
    -- How often these bytes came.
    times integer not null default 1,
    received_at integer not null
) strict;

-- The next offset to read, moved on once every notice before it is durable. Offsets mean something only within one cluster.
create table kafka_positions (
    cluster text not null,
    topic text not null,
    partition integer not null,
    next_offset integer not null,
    primary key (cluster, topic, partition)
) strict, without rowid;
