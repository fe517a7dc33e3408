-- Where members observe from, and with what. Angles are degrees.

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
    created_at integer not null,
    updated_at integer not null
) strict;

create index sites_by_member on sites (member_id);

create table telescopes (
    id integer primary key autoincrement,
    site_id integer not null references sites (id) on delete cascade,
    name text not null,
    -- Diameter of the field of view.
    fov_deg real not null,
    limiting_magnitude real
) strict;

create index telescopes_by_site on telescopes (site_id);
