-- Birthdays: those that members tell of, those that anybody stores under a name, and who was greeted.

-- YYYY-MM-DD, or --MM-DD where the member keeps the year for themselves.
alter table members add column birthday text;
-- Other members may see the day, never the year.
alter table members add column birthday_shown integer not null default 0;
-- A greeting by mail is welcome.
alter table members add column birthday_letter integer not null default 1;

-- The day of the year, told with the year or without.
create index members_by_day_of_birth on members (substr(birthday, -5)) where birthday is not null;

-- What PUT /hello/{username} stored.
create table hello_names (
    -- In small letters, a to z.
    name text primary key,
    -- YYYY-MM-DD.
    born text not null
) strict, without rowid;

-- The newest year in which a member was greeted, by the calendar of where the member is: once a year, come what may.
create table greetings (
    member_id integer primary key references members (id) on delete cascade,
    year integer not null
) strict;

-- Who shows their birthday is asked with every look at the first page.
create index members_by_birthday on members (id) where birthday_shown = 1;

-- How often a member has asked for another address of the birthday feed; only the newest works.
create table birthday_feeds (
    member_id integer primary key references members (id) on delete cascade,
    turn integer not null
) strict;
