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
    -- What its composer needs, as JSON. Emptied once it has left where it holds a secret.
    payload text not null check (json_valid(payload)),
    -- Kept: a replay's, to be looked at and never sent.
    state text not null check (state in ('waiting', 'sent', 'failed', 'expired', 'suppressed', 'kept')),
    attempts integer not null default 0,
    -- Not before then.
    due_at integer not null,
    -- Worthless from then on.
    expires_at integer,
    -- What the last attempt came to, in words.
    last_answer text,
    created_at integer not null,
    finished_at integer
) strict;

create index outbox_due on outbox (due_at) where state = 'waiting';
create index outbox_by_member on outbox (member_id, id);
