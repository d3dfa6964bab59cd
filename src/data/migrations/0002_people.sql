-- The people of apps: who may come in, who is invited, who is out.
--
-- Whoever signs in to an app for the first time joins it, be it with an account that they have from another app of the shard. What an
-- app's owner has decided on that is asked then (join_app), and once more before an account is made (sign_up_refusal). Who is in can
-- always sign in.

begin;
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Who may join an app. One without a row is open.
create table if not exists platform.sign_up (
  app_id text primary key references platform.apps on delete cascade,
  policy text not null check (policy in ('open', 'email_domain', 'invite_only', 'closed')),
  -- With email_domain: what may stand behind the "@", in lower case.
  domains text[] not null default '{}'
);

-- Addresses that are let in unless the app is closed. One stays when its owner has come in: that they were invited is known from it.
create table if not exists platform.invitations (
  app_id text not null references platform.apps on delete cascade,
  email text not null check (email = lower(email)),
  -- The team that they are in from then on, and as what.
  team_id uuid,
  role text check (role in ('owner', 'admin', 'member')),
  invited_at timestamptz not null default now(),
  primary key (app_id, email)
);

alter table platform.sign_up enable row level security;
alter table platform.invitations enable row level security;
grant select, insert, update, delete on platform.sign_up, platform.invitations to service_role;

---- What is asked ----------------------------------------------------------------------------------------------------------------------

create or replace function platform.checked_email(p_email text) returns text
language plpgsql immutable set search_path = '' as $$
declare
  e constant text := lower(btrim(p_email));
begin
  if e is null or e !~ '^[^\s@]+@[^\s@]+\.[^\s@]+$' or octet_length(e) > 254 then
    raise exception 'this is no e-mail address: %', coalesce(left(e, 80), 'null') using errcode = '22023',
      hint = 'An address has one "@", and at most 254 bytes.';
  end if;
  return e;
end $$;

create or replace function platform.checked_role(p_value jsonb) returns text
language plpgsql immutable set search_path = '' as $$
declare
  r constant text := coalesce(p_value ->> 'role', 'member');
begin
  if r not in ('owner', 'admin', 'member') then
    raise exception 'unknown role %', left(r, 80) using errcode = '22023', hint = 'There is: owner, admin, member.';
  end if;
  return r;
end $$;

-- The policy by which a person with this address (none: null) may not join the app; null when they may.
create or replace function platform.refusal(p_app_id text, p_email text) returns text
language sql stable set search_path = '' as $$
  select s.policy from platform.sign_up s where s.app_id = p_app_id and case s.policy
    when 'open' then false
    when 'closed' then true
    else not exists (select from platform.invitations i where i.app_id = p_app_id and i.email = lower(p_email))
      and not coalesce(s.policy = 'email_domain' and split_part(lower(p_email), '@', -1) = any (s.domains), false)
    end
$$;

create or replace function platform.millis(p_at timestamptz) returns bigint
language sql stable set search_path = '' as $$
  select (extract(epoch from p_at) * 1000)::bigint
$$;

-- Users of an app and who is invited to be one: {"user", "email", "status", "invited", "invited_at", "joined_at", "teams"}, and the place
-- in the order by address. All of them, or those with this id or address.
create or replace function platform.people(p_app_id text, p_user_id uuid default null, p_email text default null) returns table (place text, person jsonb)
language sql stable set search_path = '' as $$
  select coalesce(lower(u.email), '') || ' ' || m.user_id, jsonb_build_object(
      'user', m.user_id, 'email', u.email, 'status', m.status, 'invited', i.email is not null, 'invited_at', platform.millis(i.invited_at),
      'joined_at', platform.millis(m.joined_at),
      'teams', (select coalesce(jsonb_agg(jsonb_build_object('team', t.team_id, 'role', t.role) order by t.team_id), '[]')
        from platform.team_members t where t.app_id = p_app_id and t.user_id = m.user_id))
    from platform.app_members m
    join auth.users u on u.id = m.user_id
    left join platform.invitations i on i.app_id = p_app_id and i.email = lower(u.email)
    where m.app_id = p_app_id and (p_user_id is null or m.user_id = p_user_id) and (p_email is null or lower(u.email) = p_email)
  union all
  select i.email || ' ', jsonb_build_object(
      'user', null, 'email', i.email, 'status', 'invited', 'invited', true, 'invited_at', platform.millis(i.invited_at), 'joined_at', null,
      'teams', case when i.team_id is null then jsonb '[]' else jsonb_build_array(jsonb_build_object('team', i.team_id, 'role', i.role)) end)
    from platform.invitations i
    where i.app_id = p_app_id and p_user_id is null and (p_email is null or i.email = p_email) and not exists (
      select from platform.app_members m join auth.users u on u.id = m.user_id where m.app_id = p_app_id and lower(u.email) = i.email)
$$;

-- Puts a user into a team of the app, or, without a role, out of it.
create or replace function platform.set_team(p_app_id text, p_user_id uuid, p_team_id uuid, p_role text) returns void
language plpgsql volatile set search_path = '' as $$
begin
  if p_role is null then
    delete from platform.team_members where app_id = p_app_id and user_id = p_user_id and team_id = p_team_id;
  else
    insert into platform.team_members (app_id, team_id, user_id, role) values (p_app_id, p_team_id, p_user_id, p_role)
      on conflict (app_id, team_id, user_id) do update set role = excluded.role;
  end if;
end $$;

---- What the service role calls --------------------------------------------------------------------------------------------------------

-- The policy by which nobody with this address may make an account in the app, or null. It does not depend on who has one, unless
-- p_spares_users: then whoever is a user already is not refused.
create or replace function public.sign_up_refusal(p_app_id text, p_email text, p_spares_users boolean) returns text
language sql stable security definer set search_path = '' as $$
  select platform.refusal(p_app_id, p_email) where not (p_spares_users and exists (
    select from platform.app_members m join auth.users u on u.id = m.user_id
    where m.app_id = p_app_id and m.status = 'active' and lower(u.email) = lower(p_email)))
$$;

-- Makes somebody who has proven who they are a user of the app, if they are none and may be one. Returns "active" if they are one now,
-- "blocked", or the policy that keeps them out.
drop function if exists public.join_app(text, uuid);
create function public.join_app(p_app_id text, p_user_id uuid) returns text
language plpgsql volatile security definer set search_path = '' as $$
declare
  s text;
  e text;
begin
  perform platform.check_app_id(p_app_id);
  select status into s from platform.app_members where app_id = p_app_id and user_id = p_user_id;
  if s is not null then return s; end if;
  -- An address counts when it was confirmed.
  select lower(email) into e from auth.users where id = p_user_id and email_confirmed_at is not null;
  s := platform.refusal(p_app_id, e);
  if s is not null then return s; end if;
  insert into platform.apps (app_id) values (p_app_id) on conflict do nothing;
  insert into platform.app_members (app_id, user_id) values (p_app_id, p_user_id) on conflict do nothing;
  insert into platform.team_members (app_id, team_id, user_id, role)
    select p_app_id, team_id, p_user_id, role from platform.invitations where app_id = p_app_id and email = e and team_id is not null
    on conflict do nothing;
  insert into platform.audit (app_id, action, detail) values (p_app_id, 'join', jsonb_build_object('user', p_user_id));
  select status into s from platform.app_members where app_id = p_app_id and user_id = p_user_id;
  return s;
end $$;

-- {"policy", "domains"} of an app.
create or replace function public.sign_up_policy(p_app_id text) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('policy', coalesce(s.policy, 'open'), 'domains', coalesce(to_jsonb(s.domains), '[]'))
  from (values (p_app_id)) a (id) left join platform.sign_up s on s.app_id = a.id
$$;

-- Decides who may join: {"policy", "domains"}. Who is in stays in.
create or replace function public.set_sign_up(p_app_id text, p_sign_up jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  p text;
  d text[];
  wrong text;
begin
  perform platform.check_app_id(p_app_id);
  perform platform.check_keys(p_sign_up, 'a sign-up policy', array['policy', 'domains']);
  p := p_sign_up ->> 'policy';
  if p is null or p not in ('open', 'email_domain', 'invite_only', 'closed') then
    raise exception 'unknown sign-up policy %', coalesce(left(p, 80), 'null') using errcode = '22023',
      hint = 'There is: open, email_domain, invite_only, closed.';
  end if;
  if jsonb_typeof(coalesce(nullif(p_sign_up -> 'domains', 'null'), '[]')) <> 'array' then
    raise exception 'domains must be a list' using errcode = '22023';
  end if;
  select coalesce(array_agg(distinct lower(btrim(x))), '{}') into d
    from jsonb_array_elements_text(coalesce(nullif(p_sign_up -> 'domains', 'null'), '[]')) x;
  if cardinality(d) > 100 or (p = 'email_domain') <> (d <> '{}') then
    raise exception 'the policy % does not go with % domains', p, cardinality(d) using errcode = '22023',
      hint = 'email_domain takes 1 to 100 domains, the others none.';
  end if;
  select x into wrong from unnest(d) x where x !~ '^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?$' or octet_length(x) > 253;
  if wrong is not null then
    raise exception 'this is no domain: %', left(wrong, 80) using errcode = '22023', hint = 'A domain is like "example.com".';
  end if;
  if public.sign_up_policy(p_app_id) <> jsonb_build_object('policy', p, 'domains', to_jsonb(d)) then
    insert into platform.apps (app_id) values (p_app_id) on conflict do nothing;
    insert into platform.sign_up (app_id, policy, domains) values (p_app_id, p, d)
      on conflict (app_id) do update set policy = excluded.policy, domains = excluded.domains;
    insert into platform.audit (app_id, action, detail)
      values (p_app_id, 'set_sign_up', jsonb_build_object('policy', p, 'domains', to_jsonb(d)));
  end if;
  return public.sign_up_policy(p_app_id);
end $$;

-- Up to p_limit of an app's people behind a place, by address: [{"place", "person"}].
create or replace function public.list_members(p_app_id text, p_after text, p_limit integer) returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('place', x.place, 'person', x.person) order by x.place collate "C"), '[]') from (
    select p.place, p.person from platform.people(p_app_id) p
    where p_after is null or p.place collate "C" > p_after
    order by p.place collate "C" limit p_limit
  ) x
$$;

-- Invites {"email", "team", "role"}. Done again, it changes the team alone. Returns the person.
create or replace function public.invite_member(p_app_id text, p_member jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  e text;
  t uuid;
  r text;
  u uuid;
begin
  perform platform.check_app_id(p_app_id);
  perform platform.check_keys(p_member, 'an invitation', array['email', 'team', 'role']);
  e := platform.checked_email(p_member ->> 'email');
  t := (p_member ->> 'team')::uuid;
  r := platform.checked_role(p_member);
  if t is null and p_member ->> 'role' is not null then
    raise exception 'a role is one in a team' using errcode = '22023', hint = 'Name the "team" as well.';
  end if;
  if platform.refusal(p_app_id, e) = 'closed' then
    raise exception 'the app is closed' using errcode = '0A000', hint = 'Choose another sign-up policy first: invite_only lets in who is invited.';
  end if;
  insert into platform.apps (app_id) values (p_app_id) on conflict do nothing;
  perform from platform.apps where app_id = p_app_id for update;
  if (select count(*) from platform.invitations where app_id = p_app_id and email <> e) >= 10000 then
    raise exception 'too many invitations, limit 10000' using errcode = '54000', hint = 'Take back some that nobody followed.';
  end if;
  insert into platform.invitations (app_id, email, team_id, role) values (p_app_id, e, t, case when t is not null then r end)
    on conflict (app_id, email) do update set team_id = coalesce(excluded.team_id, invitations.team_id), role = coalesce(excluded.role, invitations.role);
  for u in select m.user_id from platform.app_members m join auth.users a on a.id = m.user_id where m.app_id = p_app_id and lower(a.email) = e loop
    if t is not null then perform platform.set_team(p_app_id, u, t, r); end if;
  end loop;
  insert into platform.audit (app_id, action, detail) values (p_app_id, 'invite', jsonb_build_object('email', e, 'team', t));
  return (select p.person from platform.people(p_app_id, p_email => e) p limit 1);
end $$;

-- Changes a user of the app: {"status": "active" | "blocked", "team", "role"}; a team without a role, or with null for one, is left.
-- Returns the person, or null when they are none.
create or replace function public.set_member(p_app_id text, p_user_id uuid, p_change jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  s text;
  t uuid;
begin
  perform platform.check_app_id(p_app_id);
  perform platform.check_keys(p_change, 'a change of a user', array['status', 'team', 'role']);
  s := p_change ->> 'status';
  t := (p_change ->> 'team')::uuid;
  if s not in ('active', 'blocked') then
    raise exception 'unknown status %', left(s, 80) using errcode = '22023', hint = 'There is: active, blocked.';
  end if;
  perform platform.checked_role(p_change);
  if t is null and (s is null or p_change ->> 'role' is not null) then
    raise exception 'nothing to change' using errcode = '22023', hint = 'Give a "status", or a "team" with a "role".';
  end if;
  update platform.app_members set status = coalesce(s, status) where app_id = p_app_id and user_id = p_user_id;
  if not found then return null; end if;
  if t is not null then perform platform.set_team(p_app_id, p_user_id, t, p_change ->> 'role'); end if;
  insert into platform.audit (app_id, action, detail)
    values (p_app_id, 'set_member', jsonb_build_object('user', p_user_id) || p_change);
  return (select p.person from platform.people(p_app_id, p_user_id) p);
end $$;

-- Takes a user (an id) out of the app and its teams, with the invitation that they had, or takes back an invitation (an address). Their
-- rows and their account stay; they may come in again where the policy lets them, blocked ones too. Returns whether there was one.
create or replace function public.remove_member(p_app_id text, p_who text) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  u uuid;
  e text := lower(btrim(p_who));
  was boolean;
begin
  perform platform.check_app_id(p_app_id);
  if p_who ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    u := p_who::uuid;
    delete from platform.app_members where app_id = p_app_id and user_id = u;
    was := found;
    delete from platform.team_members where app_id = p_app_id and user_id = u;
    select lower(email) into e from auth.users where id = u;
    if was then delete from platform.invitations where app_id = p_app_id and email = e; end if;
  else
    delete from platform.invitations where app_id = p_app_id and email = e;
    was := found;
  end if;
  if was then
    insert into platform.audit (app_id, action, detail)
      values (p_app_id, 'remove_member', case when u is null then jsonb_build_object('email', e) else jsonb_build_object('user', u) end);
  end if;
  return was;
end $$;

revoke execute on all functions in schema platform from public, anon, authenticated;
grant execute on function platform.current_app_id(), platform.my_teams(text), platform.my_team(text) to authenticated, service_role;
revoke execute
  on function public.sign_up_refusal(text, text, boolean), public.join_app(text, uuid), public.sign_up_policy(text),
    public.set_sign_up(text, jsonb), public.list_members(text, text, integer), public.invite_member(text, jsonb),
    public.set_member(text, uuid, jsonb), public.remove_member(text, text)
  from public, anon, authenticated;
grant execute
  on function public.sign_up_refusal(text, text, boolean), public.join_app(text, uuid), public.sign_up_policy(text),
    public.set_sign_up(text, jsonb), public.list_members(text, text, integer), public.invite_member(text, jsonb),
    public.set_member(text, uuid, jsonb), public.remove_member(text, text)
  to service_role;
notify pgrst, 'reload schema';

commit;
