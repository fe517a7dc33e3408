-- People: who they are, how they prove it, and what they want to be told. Times are microseconds since 1970, UTC.

create table members (
    id integer primary key autoincrement,
    -- As the member wrote it; letters go there.
    email text not null,
    -- The same in small letters: an address is one member's, however it is written.
    email_key text not null unique,
    full_name text not null,
    -- Argon2id in PHC form. Null: must set one by a letter's link first.
    password text,
    officer integer not null default 0,
    -- Null: the address has not been confirmed; nothing but that confirmation is sent there.
    confirmed_at integer,
    -- An officer has shut the member out.
    disabled_at integer,
    notify text not null check (notify in ('every', 'observable', 'digest', 'none')),
    -- accounts::Preferences; a field that is missing has its default.
    preferences text not null default '{}' check (json_valid(preferences)),
    created_at integer not null,
    updated_at integer not null
) strict;

-- Links that work once. What is in the link is kept nowhere, only its SHA-256, in hexadecimal digits.
create table links (
    hash text primary key,
    -- Null for the first officer, who is no member yet, and for a letter that nobody gets.
    member_id integer references members (id) on delete cascade,
    purpose text not null check (purpose in ('confirm', 'reset', 'address', 'officer')),
    -- The address that is to become the member's.
    email text,
    expires_at integer not null
) strict, without rowid;

create index links_by_member on links (member_id);

-- Where a member is signed in.
create table sessions (
    id integer primary key autoincrement,
    -- SHA-256 of the cookie.
    hash text not null unique,
    member_id integer not null references members (id) on delete cascade,
    -- What the browser says it is, in a few words.
    device text not null,
    created_at integer not null,
    -- To the minute.
    seen_at integer not null
) strict;

create index sessions_by_member on sessions (member_id);

-- Keys for scripts, which a member gives and takes.
create table api_tokens (
    id integer primary key autoincrement,
    hash text not null unique,
    member_id integer not null references members (id) on delete cascade,
    name text not null,
    created_at integer not null,
    seen_at integer,
    -- Null: until it is revoked.
    expires_at integer
) strict;

create index api_tokens_by_member on api_tokens (member_id);

-- The second step at sign-in: a code that changes every 30 s (RFC 6238).
create table second_steps (
    member_id integer primary key references members (id) on delete cascade,
    -- Base32.
    secret text not null,
    -- Null: shown, but not yet proved to be in the member's phone.
    confirmed_at integer,
    -- The newest step whose code was used; none works twice.
    last_step integer not null default 0
) strict;

-- For the day on which the phone is lost: each works once.
create table recovery_codes (
    member_id integer not null references members (id) on delete cascade,
    hash text not null,
    primary key (member_id, hash)
) strict, without rowid;
