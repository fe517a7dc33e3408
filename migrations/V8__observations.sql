-- What members observed of a burst. Angles are degrees, ICRS; times microseconds since 1970, UTC.

create table observations (
    id integer primary key autoincrement,
    burst_id integer not null references bursts (id),
    -- Whose it is; it goes with the member.
    member_id integer not null references members (id) on delete cascade,
    -- Grows with every change; observation_history has the earlier ones.
    revision integer not null default 1,
    -- Null: from no site of the member's, or from one that has been deleted.
    site_id integer references sites (id) on delete set null,
    -- The site's name as it is shown; its place is shown nowhere.
    site text,
    ra real not null,
    dec real not null check (dec between -90 and 90),
    -- The position as the member wrote it, and in which system.
    coordinates text not null,
    coordinate_system text not null check (coordinate_system in ('icrs_j2000', 'fk5_j2000', 'b1950', 'galactic', 'current_equinox')),
    instrument text not null,
    -- Diameter of the field of view.
    field_deg real check (field_deg > 0),
    -- When the exposure began.
    observed_at integer not null,
    -- From the first to the last photon, s.
    exposure_s real check (exposure_s >= 0),
    filter text,
    magnitude real,
    magnitude_error real check (magnitude_error >= 0),
    limiting_magnitude real,
    magnitude_system text,
    comparison_stars text,
    notes text,
    -- Of the position from the site in the middle of the exposure; null below the horizon or without a site.
    airmass real,
    -- The member was asked about a time before the burst or in the future, and meant it.
    time_meant integer not null default 0,
    -- An officer took it from sight: when, and why.
    hidden_at integer,
    hidden_why text,
    created_at integer not null,
    updated_at integer not null
) strict;

create index observations_by_burst on observations (burst_id, observed_at);
create index observations_by_member on observations (member_id, observed_at);
create index observations_by_time on observations (observed_at);

-- What an observation said before each change.
create table observation_history (
    observation_id integer not null references observations (id) on delete cascade,
    -- The revision that was replaced.
    revision integer not null,
    -- Who changed it; null for one who has left.
    changed_by integer references members (id) on delete set null,
    changed_at integer not null,
    -- The fields as they were.
    before text not null check (json_valid(before)),
    primary key (observation_id, revision)
) strict, without rowid;

-- Pictures of an observation, as WebP without metadata.
create table observation_images (
    id integer primary key autoincrement,
    observation_id integer not null references observations (id) on delete cascade,
    -- Whose quota it counts against.
    member_id integer not null references members (id) on delete cascade,
    -- SHA-256 of the file as it came: the same file twice is kept once.
    sha256 text not null,
    -- What the file was: jpeg, png, gif, webp, fits.
    kind text not null,
    width integer not null,
    height integer not null,
    thumb_width integer not null,
    thumb_height integer not null,
    -- observations::model::Footprint: where on the sky it lies, from the file's own WCS.
    footprint text check (footprint is null or json_valid(footprint)),
    -- Of both pictures together.
    bytes integer not null,
    created_at integer not null,
    thumb blob not null,
    -- Last, so that reading the rest does not read it.
    full blob not null,
    unique (observation_id, sha256)
) strict;

create index observation_images_by_member on observation_images (member_id);

-- Somebody says that an observation is wrong or out of place.
create table observation_reports (
    id integer primary key autoincrement,
    observation_id integer not null references observations (id) on delete cascade,
    member_id integer not null references members (id) on delete cascade,
    why text not null,
    at integer not null,
    -- When an officer had looked at it.
    settled_at integer
) strict;

-- One report of a member for each observation.
create unique index observation_reports_by_observation on observation_reports (observation_id, member_id);
create index observation_reports_open on observation_reports (at) where settled_at is null;

-- A member as an observer.
create table observers (
    member_id integer primary key references members (id) on delete cascade,
    -- The AAVSO's code for the observer, such as ABC.
    aavso_code text,
    -- Whose observations the member wants to hear of: of bursts observed or followed, or none.
    tell text not null default 'followed' check (tell in ('followed', 'none'))
) strict;

-- Which bursts a member follows; who observes one follows it, until the member says otherwise.
create table follows (
    member_id integer not null references members (id) on delete cascade,
    burst_id integer not null references bursts (id),
    -- 0: the member wants to hear no more of it.
    follows integer not null,
    at integer not null,
    primary key (member_id, burst_id)
) strict, without rowid;

create index follows_by_burst on follows (burst_id);

-- What browsers were told of an observation is kept for those who come back. Once it is hidden or gone, by whatever way, with its
-- member too, nobody may read it there: the platform's events name it only.
create index events_of_observations on events (data ->> '$.data.id') where topic = 'observations';

create trigger observations_gone after delete on observations
begin
    update events set data = json_object('type', name, 'data', json_object('id', old.id, 'burst_id', old.burst_id))
    where topic = 'observations' and data ->> '$.data.id' = old.id;
end;

create trigger observations_hidden after update of hidden_at on observations when new.hidden_at is not null
begin
    update events set data = json_object('type', name, 'data', json_object('id', new.id, 'burst_id', new.burst_id))
    where topic = 'observations' and data ->> '$.data.id' = new.id;
end;
