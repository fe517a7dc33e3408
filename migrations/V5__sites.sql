-- Where members observe from, with what, and where else they are told. Angles are degrees, times microseconds since 1970, UTC.

create table sites (
    id integer primary key autoincrement,
    member_id integer not null references members (id) on delete cascade,
    name text not null,
    -- Geodetic, WGS84; east is positive.
    latitude real not null check (latitude between -90 and 90),
    longitude real not null check (longitude between -180 and 180),
    elevation_m real not null,
    time_zone text not null,
    -- [[azimuth, altitude], …] of the visible horizon; one point is a minimum altitude all round.
    horizon text not null check (json_valid(horizon)),
    -- When news that concern this site go out: as the member wishes, or otherwise for this site.
    delivery text not null default 'member' check (delivery in ('member', 'immediate', 'digest', 'off')),
    created_at integer not null,
    updated_at integer not null
) strict;

create index sites_by_member on sites (member_id);

create table telescopes (
    id integer primary key autoincrement,
    site_id integer not null references sites (id) on delete cascade,
    name text not null,
    -- Diameter of the field of view.
    fov_deg real not null check (fov_deg > 0),
    limiting_magnitude real
) strict;

create index telescopes_by_site on telescopes (site_id);

-- Where a member is told besides by letter.
create table channels (
    id integer primary key autoincrement,
    member_id integer not null references members (id) on delete cascade,
    kind text not null check (kind in ('ntfy', 'webhook')),
    -- https, without a user or a password in it.
    url text not null,
    -- Signs what is posted to a webhook; its owner has the same. Null for ntfy.
    secret text,
    created_at integer not null,
    unique (member_id, url)
) strict;
