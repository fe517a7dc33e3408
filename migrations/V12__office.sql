-- What officers say and do.

-- An officer's word that a burst is none, beside what the notices say of it: why, and since when.
alter table bursts add column hand_why text;
alter table bursts add column hand_time integer;

-- An officer says that the two are one; what time and place say does not part them then.
alter table burst_links add column by_hand integer not null default 0 check (by_hand in (0, 1));
