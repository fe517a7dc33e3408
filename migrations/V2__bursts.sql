-- Bursts and the notices they are known from. Angles are degrees, ICRS; times are microseconds since 1970, UTC.

create table bursts (
    id integer primary key autoincrement,
    mission text not null,
    -- What groups a mission's notices into one burst; usually the trigger id.
    key text not null,
    trigger_id text,
    -- Of the notices without a position, the first by its letters.
    first_instrument text,
    -- GRB YYMMDDx, from a circular's subject.
    official_name text,
    -- Fermi's bnYYMMDDfff.
    mission_name text,
    role text not null,
    trigger_time integer,
    -- Trigger time, else the arrival of the first notice: what lists are sorted by.
    sort_time integer not null,
    tier text not null check (tier in ('A', 'B', 'C', 'D')),
    test integer not null,
    -- Some notice is of a kind that only bursts have; false for gravitational waves, neutrinos, pointings.
    burst_like integer not null,
    -- The best position: of the highest rank, then the latest.
    ra real,
    dec real,
    error_radius real,
    -- Holds the burst with 90 % probability, systematics included.
    error_radius_90 real,
    position_kind text,
    position_instrument text,
    position_rank integer not null,
    position_time integer,
    -- The latest class that the mission gave.
    class text,
    class_probability real,
    class_time integer,
    -- At some time the mission took it for a gamma-ray burst.
    was_grb integer not null,
    -- A second look stands behind it: Fermi's final position, or a telescope that saw it.
    confirmed integer not null,
    -- A flag that speaks against it, and when it was raised.
    doubt text,
    doubt_time integer,
    retracted_why text,
    retracted_time integer,
    -- {"light_curve": "https://…"}
    links text not null check (json_valid(links)),
    notice_count integer not null,
    created_at integer not null,
    updated_at integer not null,
    unique (mission, key)
) strict;

create index bursts_by_time on bursts (sort_time desc, id desc);
create index bursts_by_trigger_time on bursts (trigger_time);
create index bursts_by_mission on bursts (mission collate nocase, sort_time desc);
create index bursts_by_tier on bursts (tier, sort_time desc);
create index bursts_by_official_name on bursts (official_name) where official_name is not null;
create index bursts_by_mission_name on bursts (mission_name) where mission_name is not null;

create table notices (
    id integer primary key autoincrement,
    -- SHA-256 of the body: the same bytes are the same notice, wherever they come from.
    hash blob not null unique,
    -- Null for a circular that names no burst we know, yet.
    burst_id integer references bursts (id),
    format text not null,
    mission text not null,
    instrument text,
    kind text not null,
    packet_type integer,
    trigger_id text,
    ivorn text,
    role text not null,
    trigger_time integer,
    notice_time integer,
    ra real,
    dec real,
    error_radius real,
    error_radius_90 real,
    class text,
    class_probability real,
    suppressed text,
    retraction integer not null,
    test integer not null,
    -- Its burst was older than the stale age when the notice reached us.
    stale integer not null,
    -- [["Significance", "5.2 σ"], …]
    details text not null check (json_valid(details)),
    circular_id integer,
    subject text,
    submitter text,
    topic text not null,
    -- When the broker took it.
    kafka_time integer,
    -- When it reached us, and when it was written here.
    received_at integer not null,
    stored_at integer not null
) strict;

create index notices_by_burst on notices (burst_id, notice_time);

-- The bytes as they came, apart, so that lists stay small.
create table notice_bodies (
    notice_id integer primary key references notices (id),
    body blob not null
) strict;

-- A probability map that came with a notice, as its 50 % and 90 % regions.
create table notice_regions (
    notice_id integer primary key references notices (id),
    -- From sky::Region::to_text.
    region text not null
) strict;

-- Names and triggers (GRB 221009A, bn221009553, Fermi 687014224) of circulars that came before their burst, and wait for it.
create table circular_names (
    name text not null,
    notice_id integer not null references notices (id),
    primary key (name, notice_id)
) strict, without rowid;

-- Bursts of different missions that are the same, by time and place; kept both ways round.
create table burst_links (
    burst_id integer not null references bursts (id),
    other_id integer not null references bursts (id),
    primary key (burst_id, other_id)
) strict, without rowid;
