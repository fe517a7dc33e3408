-- What officers say and do.

-- An officer's word that a burst is none, beside what the notices say of it: why, and since when.
alter table bursts add column hand_why text;
alter table bursts add column hand_time integer;

-- An officer says that the two are one; what time and place say does not part them then.
alter table burst_links add column by_hand integer not null default 0 check (by_hand in (0, 1));

-- What officers did. Names stand as they were then: nothing here refers to a member, who may leave.
create table audit (
    id integer primary key autoincrement,
    at integer not null,
    -- The officer's number and name; no number: somebody at the machine's terminal.
    member_id integer,
    member_name text not null,
    -- member.promote, burst.retract, …
    act text not null,
    -- member, burst, observation, …; its number where it has one, and what it was called.
    about text not null,
    about_id integer,
    about_name text not null,
    details text not null check (json_valid(details))
) strict;

create index audit_by_member on audit (member_id, id);
create index audit_by_about on audit (about, about_id, id);

-- Nothing in it is changed, and nothing younger than two years is taken out.
create trigger audit_stays before update on audit begin
    select raise(abort, 'the audit log is only added to');
end;
create trigger audit_is_kept before delete on audit when old.at > (unixepoch() - 731 * 86400) * 1000000 begin
    select raise(abort, 'the audit log is only added to');
end;
create trigger audit_is_not_replaced before insert on audit when exists (select 1 from audit where id = new.id) begin
    select raise(abort, 'the audit log is only added to');
end;

-- When the browser's member last gave the password: officers are asked again before they change something.
alter table sessions add column proved_at integer not null default 0;
update sessions set proved_at = created_at;
