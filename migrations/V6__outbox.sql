-- What is to leave the house, and what became of it. Times are microseconds since 1970, UTC.

create table outbox (
    id integer primary key autoincrement,
    -- One thing is said once: member, burst, reason and revision, or what else makes it one.
    key text not null unique,
    channel text not null check (channel in ('mail', 'ntfy', 'webhook')),
    -- A mail address or a URL.
    address text not null,
    -- The member it is for; null where it is for somebody who is none.
    member_id integer,
    -- Who composes it: account, burst …
    kind text not null,
    -- What its composer needs, as JSON.
    payload text not null check (json_valid(payload)),
    -- The payload holds a secret: officers do not read it, and it is emptied at the end.
    secret integer not null default 0,
    -- Kept: a replay's, to be looked at and never sent.
    state text not null check (state in ('waiting', 'sent', 'failed', 'expired', 'suppressed', 'kept')),
    attempts integer not null default 0,
    -- Not before then. Moved ahead before each attempt, so that a program that is killed in the middle tries again.
    due_at integer not null,
    -- Worthless from then on.
    expires_at integer,
    -- What the last attempt came to, in words.
    last_answer text,
    created_at integer not null,
    finished_at integer
) strict;

create index outbox_due on outbox (channel, due_at) where state = 'waiting';
create index outbox_by_state on outbox (state, id);
create index outbox_finished on outbox (finished_at) where finished_at is not null;
create index outbox_by_member on outbox (member_id, id);

-- Addresses that a mail server has called unknown; nothing is sent there until an officer lifts it.
create table suppressed (
    -- In small letters.
    address text primary key,
    -- What the server said.
    reason text not null,
    at integer not null
) strict, without rowid;
