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
