-- An app goes from one shard to another, with its tables, rows and people.
--
-- The pool of shards asks the one for a part (move_out) and gives it to the other (move_in), until there is no next part; every part may be
-- given twice. The app is held on both sides meanwhile: it is read as ever, and nothing of it is changed. When all has been compared, the pool
-- leads to the other shard, lets go there (hold_app) and drops what was left behind (drop_moved).
--
-- People keep their ids and passwords. Whoever has an account in the other shard already, by their address or an identity, keeps that one,
-- and their rows become those of that account.

begin;
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Since when nothing of the app may be changed.
alter table platform.apps add column if not exists held_at timestamptz;

-- Of the people of an app that came from elsewhere, those who have another account here.
create table if not exists platform.moved_people (
  app_id text not null references platform.apps on delete cascade,
  was uuid not null,
  is_now uuid not null references auth.users on delete cascade,
  primary key (app_id, was)
);
create index if not exists moved_people_by_user on platform.moved_people (is_now);
alter table platform.moved_people enable row level security;
grant select on platform.moved_people to service_role;

---- Held -------------------------------------------------------------------------------------------------------------------------------

-- Whether what is done now is done by the move itself.
create or replace function platform.is_moving() returns boolean
language sql stable set search_path = '' as $$
  select coalesce(current_setting('platform.is_moving', true) = 'on', false)
$$;

create or replace function platform.refuse_held() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if not platform.is_moving() then
    -- PostgREST answers with this status.
    raise exception 'the app''s data is being moved to another database' using errcode = 'PT503',
      hint = 'It can be read meanwhile. Try to change it again in a few minutes.';
  end if;
  return old;
end $$;

-- The same for what is known of apps: whose row it is says the row.
create or replace function platform.refuse_of_held() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  a constant text := case when tg_op = 'DELETE' then old.app_id else new.app_id end;
  since timestamptz;
begin
  if not platform.is_moving() then
    -- Whoever holds an app waits until nobody is in the middle of this.
    select held_at into since from platform.apps where app_id = a for key share;
    if since is not null then
      raise exception 'the app''s data is being moved to another database' using errcode = 'PT503', hint = 'Try again in a few minutes.';
    end if;
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end $$;

create or replace trigger held before insert or update or delete on platform.app_tables for each row execute function platform.refuse_of_held();
create or replace trigger held before insert or update or delete on platform.app_members for each row execute function platform.refuse_of_held();
create or replace trigger held before insert or update or delete on platform.team_members for each row execute function platform.refuse_of_held();
create or replace trigger held before insert or update or delete on platform.sign_up for each row execute function platform.refuse_of_held();
create or replace trigger held before insert or update or delete on platform.invitations for each row execute function platform.refuse_of_held();
create or replace trigger held before insert or update or delete on platform.app_quotas for each row execute function platform.refuse_of_held();

create or replace function platform.hold_table(p_table text) returns void
language plpgsql volatile set search_path = '' as $$
begin
  execute format('create or replace trigger held before insert or update or truncate on public.%I for each statement execute function platform.refuse_held()', p_table);
  -- Whoever deletes an account deletes what is theirs in all tables, be it nothing.
  execute format('create or replace trigger held_rows before delete on public.%I for each row execute function platform.refuse_held()', p_table);
end $$;

-- Holds an app, once nobody is in the middle of changing it, or lets go of it. Returns whether there is one.
create or replace function public.hold_app(p_app_id text, p_is_held boolean) returns boolean
language plpgsql volatile security definer set search_path = '' set lock_timeout = '5s' set statement_timeout = '18s' as $$
declare
  t text;
begin
  perform platform.check_app_id(p_app_id);
  perform pg_advisory_xact_lock(hashtextextended('app:' || p_app_id, 0));
  perform from platform.apps where app_id = p_app_id for update;
  if not found then return false; end if;
  update platform.apps set held_at = case when p_is_held then coalesce(held_at, now()) end where app_id = p_app_id;
  for t in select physical_name from platform.app_tables where app_id = p_app_id loop
    if p_is_held then
      perform platform.hold_table(t);
    else
      execute format('drop trigger if exists held on public.%I', t);
      execute format('drop trigger if exists held_rows on public.%I', t);
    end if;
  end loop;
  if not p_is_held then
    delete from platform.moved_people where app_id = p_app_id;
  end if;
  return true;
end $$;

---- Parts ------------------------------------------------------------------------------------------------------------------------------

-- The columns of a table in which people stand.
create or replace function platform.people_columns(p_spec jsonb) returns setof text
language sql immutable set search_path = '' as $$
  select 'user_id' union all select x ->> 'name' from jsonb_array_elements(p_spec -> 'columns') x where x ->> 'type' = 'uuid' and x #>> '{default,fn}' = 'uid'
$$;

-- What makes a list of texts of a row, in the order of the columns; people as those that they were.
create or replace function platform.texts_sql(p_spec jsonb, p_app_id text) returns text
language sql stable set search_path = '' as $$
  select 'array[' || string_agg(case when c.name in (select platform.people_columns(p_spec))
      then format('coalesce((select m.was from platform.moved_people m where m.app_id = %L and m.is_now = t.%I), t.%I)::text', p_app_id, c.name, c.name)
      else format('t.%I::text', c.name) end, ', ' order by c.ord) || ']::text[]'
    from platform.all_columns(p_spec) c
$$;

-- How many rows a table has, and a sum of all that is in them: {"rows", "sum"}. The same in every shard.
create or replace function platform.sum_of(p_known platform.app_tables) returns jsonb
language plpgsql stable set search_path = '' set timezone = 'UTC' set datestyle = 'ISO, YMD' set extra_float_digits = 1 as $$
declare
  s jsonb;
begin
  execute format($f$select jsonb_build_object('rows', count(*), 'sum', coalesce(sum(('x' || substr(md5((%s)::text), 1, 15))::bit(60)::bigint), 0)::text) from public.%I t$f$,
      coalesce(platform.texts_sql(p_known.spec, p_known.app_id), ''), p_known.physical_name) into s;
  return s;
end $$;

-- Everybody who is somebody in the app, or in its rows, behind this id; by id.
create or replace function platform.named_people(p_app_id text, p_after uuid, p_limit integer) returns setof uuid
language plpgsql stable set search_path = '' as $$
declare
  others text;
begin
  select string_agg(format(' union select %I from public.%I', c, t.physical_name), '') into others
    from platform.app_tables t, platform.people_columns(t.spec) c where t.app_id = p_app_id;
  -- Who stands in a column that refers to nobody may be nobody.
  return query execute format('select u from (select user_id as u from platform.app_members where app_id = $1 union select user_id from platform.team_members where app_id = $1'
      '%s) p where ($2 is null or u > $2) and exists (select from auth.users a where a.id = u) order by u limit $3', coalesce(others, ''))
    using p_app_id, p_after, p_limit;
end $$;

create or replace function platform.account_out(p_app_id text, p_user_id uuid) returns jsonb
language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object(
    'account', (select to_jsonb(u) from auth.users u where u.id = p_user_id),
    'identities', (select coalesce(jsonb_agg(to_jsonb(i)), '[]') from auth.identities i where i.user_id = p_user_id),
    'member', (select to_jsonb(m) from platform.app_members m where m.app_id = p_app_id and m.user_id = p_user_id),
    'teams', (select coalesce(jsonb_agg(to_jsonb(t)), '[]') from platform.team_members t where t.app_id = p_app_id and t.user_id = p_user_id));
end $$;

-- A part of what an app has: {"part", "next"}. Called with no p_at first, which holds the app, and then with what "next" was, until that is null.
create or replace function public.move_out(p_app_id text, p_at jsonb default null) returns jsonb
language plpgsql volatile security definer
set search_path = '' set timezone = 'UTC' set datestyle = 'ISO, YMD' set extra_float_digits = 1 set lock_timeout = '5s' set statement_timeout = '18s' as $$
declare
  step constant text := p_at ->> 'step';
  known platform.app_tables;
  part jsonb;
  row_id uuid;
  -- Behind which one the next part begins, if this one is not the last.
  last_id uuid;
  line jsonb;
  lines jsonb[] := array[]::jsonb[];
  taken bigint := bigint '0';
  following text;
begin
  perform platform.check_app_id(p_app_id);
  if p_at is null then
    -- One of which nothing is known yet is held as well: somebody may be about to come.
    insert into platform.apps (app_id) values (p_app_id) on conflict do nothing;
    perform public.hold_app(p_app_id, true);
    select jsonb_build_object('app', jsonb_build_object(
        'created_at', a.created_at,
        'sign_up', coalesce((select to_jsonb(s) from platform.sign_up s where s.app_id = p_app_id), '{}'),
        'quotas', coalesce((select to_jsonb(q) from platform.app_quotas q where q.app_id = p_app_id), '{}'),
        'invitations', (select coalesce(jsonb_agg(to_jsonb(i)), '[]') from platform.invitations i where i.app_id = p_app_id),
        'tables', (select coalesce(jsonb_agg(t.spec order by t.created_at, t.name), '[]') from platform.app_tables t where t.app_id = p_app_id)))
      into part from platform.apps a where a.app_id = p_app_id;
    insert into platform.audit (app_id, action) values (p_app_id, 'move_out');
    return jsonb_build_object('part', part::text, 'next', jsonb '{"step": "people"}');
  end if;
  if not exists (select from platform.apps where app_id = p_app_id and held_at is not null) then
    raise exception 'the app is not held' using errcode = '55000';
  end if;
  if step = 'people' then
    for row_id in select p.id from platform.named_people(p_app_id, (p_at ->> 'after')::uuid, 200) p (id) loop
      line := platform.account_out(p_app_id, row_id);
      lines := array_append(lines, line);
      taken := taken + octet_length(line::text);
      last_id := row_id;
      exit when taken >= 524288;
    end loop;
    part := jsonb_build_object('people', to_jsonb(lines));
    if last_id is not null then
      return jsonb_build_object('part', part::text, 'next', p_at || jsonb_build_object('after', last_id));
    end if;
    select min(name) into following from platform.app_tables where app_id = p_app_id;
    return jsonb_build_object('part', part::text, 'next', case when following is not null and not p_at ? 'again' then jsonb_build_object('step', 'rows', 'table', following) end);
  end if;
  select * into known from platform.app_tables where app_id = p_app_id and name = p_at ->> 'table';
  if known.app_id is null then
    raise exception 'the app has no such table' using errcode = '42P01';
  end if;
  if step = 'rows' then
    for row_id, line in execute format('select t.id, to_jsonb(%s) from public.%I t %s order by t.id limit 1000', coalesce(platform.texts_sql(known.spec, p_app_id), ''), known.physical_name,
        case when p_at ->> 'after' is null then '' else format('where t.id > %L', p_at ->> 'after') end) loop
      lines := array_append(lines, line);
      taken := taken + octet_length(line::text);
      if taken >= 524288 or cardinality(lines) = 1000 then
        last_id := row_id;
        exit;
      end if;
    end loop;
    part := jsonb_build_object('table', known.name, 'rows', to_jsonb(lines));
  else
    part := jsonb_build_object('table', known.name, 'sum', platform.sum_of(known));
  end if;
  if last_id is not null then
    return jsonb_build_object('part', part::text, 'next', p_at || jsonb_build_object('after', last_id));
  end if;
  select min(name) into following from platform.app_tables where app_id = p_app_id and name > known.name;
  if following is not null then
    return jsonb_build_object('part', part::text, 'next', jsonb_build_object('step', step, 'table', following));
  elsif step = 'rows' then
    select min(name) into following from platform.app_tables where app_id = p_app_id;
    return jsonb_build_object('part', part::text, 'next', jsonb_build_object('step', 'sums', 'table', following));
  end if;
  -- Accounts are not held: who has another password by now takes it along.
  return jsonb_build_object('part', part::text, 'next', jsonb '{"step": "people", "again": true}');
end $$;

-- Puts a record into a table of the authorization, of which versions differ: the columns that both know, but for what is computed.
create or replace function platform.put_record(p_table regclass, p_record jsonb) returns void
language plpgsql volatile set search_path = '' as $$
declare
  names text;
begin
  select string_agg(quote_ident(a.attname), ', ') into names from pg_catalog.pg_attribute a
    where a.attrelid = p_table and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and p_record ? a.attname;
  execute format('insert into %s (%s) select %s from jsonb_populate_record(null::%s, $1) on conflict do nothing', p_table, coalesce(names, ''), coalesce(names, ''), p_table) using p_record;
end $$;

-- Somebody of the app, with their account if they have none here.
create or replace function platform.account_in(p_app_id text, p_person jsonb) returns void
language plpgsql volatile set search_path = '' as $$
declare
  account constant jsonb := p_person -> 'account';
  was constant uuid := (account ->> 'id')::uuid;
  here uuid;
  x jsonb;
begin
  select u.id into here from auth.users u where u.id = was;
  if here is null then
    select i.user_id into here from jsonb_array_elements(p_person -> 'identities') e (x) join auth.identities i on i.provider = e.x ->> 'provider' and i.provider_id = e.x ->> 'provider_id'
      where i.provider <> 'email' limit 1;
  end if;
  if here is null then
    select u.id into here from auth.users u where lower(u.email) = lower(account ->> 'email') and not u.is_sso_user limit 1;
  end if;
  if here is null then
    here := was;
    perform platform.put_record('auth.users', account);
    for x in select e.x from jsonb_array_elements(p_person -> 'identities') e (x) loop
      perform platform.put_record('auth.identities', x);
    end loop;
  elsif here = was then
    -- From an earlier move, or an earlier part of this one: what was changed last counts.
    update auth.users set email = account ->> 'email', encrypted_password = account ->> 'encrypted_password',
        email_confirmed_at = (account ->> 'email_confirmed_at')::timestamptz, updated_at = (account ->> 'updated_at')::timestamptz
      where id = here and updated_at < (account ->> 'updated_at')::timestamptz;
  elsif account ->> 'email_confirmed_at' is not null then
    -- An account that nobody has proven to be theirs becomes that of who has, with no other way in.
    update auth.users set encrypted_password = account ->> 'encrypted_password', email_confirmed_at = (account ->> 'email_confirmed_at')::timestamptz
      where id = here and email_confirmed_at is null and lower(email) = lower(account ->> 'email');
    if found then
      delete from auth.sessions where user_id = here;
      delete from auth.identities where user_id = here and provider <> 'email';
      for x in select e.x || jsonb_build_object('user_id', here) from jsonb_array_elements(p_person -> 'identities') e (x) where e.x ->> 'provider' <> 'email' loop
        perform platform.put_record('auth.identities', x);
      end loop;
    end if;
  end if;
  if exists (select from platform.moved_people where app_id = p_app_id and is_now = here and moved_people.was <> (account ->> 'id')::uuid) then
    raise exception 'two people of the app have the same account there: % and another one', was using errcode = '0A000',
      hint = 'Take one of them out of the app, or out of the other shard.';
  end if;
  if here <> was then
    insert into platform.moved_people (app_id, was, is_now) values (p_app_id, was, here) on conflict do nothing;
  end if;
  if p_person -> 'member' <> 'null' then
    insert into platform.app_members (app_id, user_id, status, joined_at)
      values (p_app_id, here, p_person #>> '{member,status}', (p_person #>> '{member,joined_at}')::timestamptz) on conflict do nothing;
  end if;
  insert into platform.team_members (app_id, team_id, user_id, role)
    select p_app_id, (e.x ->> 'team_id')::uuid, here, e.x ->> 'role' from jsonb_array_elements(p_person -> 'teams') e (x) on conflict do nothing;
end $$;

-- What an app is, without rows: its tables are made and not yet linked, and nothing is counted.
create or replace function platform.app_in(p_app_id text, p_app jsonb) returns void
language plpgsql volatile set search_path = '' as $$
declare
  s jsonb;
  t text;
begin
  if exists (select from platform.apps where app_id = p_app_id and held_at is not null) then return; end if;
  insert into platform.apps (app_id, created_at, held_at) values (p_app_id, (p_app ->> 'created_at')::timestamptz, now());
  insert into platform.sign_up select * from jsonb_populate_record(null::platform.sign_up, p_app -> 'sign_up') x where x.app_id is not null;
  insert into platform.app_quotas select * from jsonb_populate_record(null::platform.app_quotas, p_app -> 'quotas') x where x.app_id is not null;
  insert into platform.invitations select * from jsonb_populate_recordset(null::platform.invitations, p_app -> 'invitations');
  for s in select x from jsonb_array_elements(p_app -> 'tables') with ordinality e (x, ord) order by ord loop
    t := platform.create_table(p_app_id, s);
    perform platform.hold_table(t);
    execute format('alter table public.%I disable trigger quota_of_rows', t);
  end loop;
  insert into platform.audit (app_id, action) values (p_app_id, 'move_in');
end $$;

create or replace function platform.rows_in(p_known platform.app_tables, p_rows jsonb) returns void
language plpgsql volatile set search_path = '' set timezone = 'UTC' set datestyle = 'ISO, YMD' as $$
declare
  names text;
  texts text;
begin
  select string_agg(quote_ident(c.name), ', ' order by c.ord),
      string_agg(case when c.name in (select platform.people_columns(p_known.spec))
        then format('coalesce((select m.is_now from platform.moved_people m where m.app_id = %L and m.was = (r ->> %s)::uuid), (r ->> %s)::uuid)', p_known.app_id, c.place, c.place)
        else format('(r ->> %s)::%s', c.place, c.type) end, ', ' order by c.ord)
    into names, texts
    from (select name, type, ord, row_number() over (order by ord) - 1 as place from platform.all_columns(p_known.spec)) c;
  execute format('insert into public.%I (%s) select %s from jsonb_array_elements($1) r on conflict (id) do nothing', p_known.physical_name, coalesce(names, ''), coalesce(texts, ''))
    using p_rows;
end $$;

-- A table has all its rows when they come to the same; then it is linked, and as guarded as any.
create or replace function platform.table_in(p_known platform.app_tables, p_sum jsonb) returns void
language plpgsql volatile set search_path = '' as $$
declare
  mine constant jsonb := platform.sum_of(p_known);
  c jsonb;
begin
  if mine <> p_sum then
    raise exception 'the table % is not what it was: it had % and has %', p_known.physical_name, p_sum, mine using errcode = 'XX001';
  end if;
  if exists (select from pg_catalog.pg_trigger where tgrelid = format('public.%I', p_known.physical_name)::regclass and tgname = 'quota_of_rows' and tgenabled = 'D') then
    execute format('alter table public.%I enable trigger quota_of_rows', p_known.physical_name);
    for c in select x from jsonb_array_elements(p_known.spec -> 'columns') x loop
      perform platform.link_column(p_known.app_id, p_known.physical_name, c);
    end loop;
    -- What an app may have may be less here.
    perform platform.check_room(p_known.app_id, 0);
  end if;
  perform platform.verify_table(p_known.app_id, p_known.physical_name, p_known.spec ->> 'access');
end $$;

-- Takes a part of an app that comes from elsewhere. Done again, it does nothing.
create or replace function public.move_in(p_app_id text, p_part text) returns void
language plpgsql volatile security definer set search_path = '' set lock_timeout = '5s' set statement_timeout = '18s' as $$
declare
  part constant jsonb := p_part::jsonb;
  x jsonb;
  known platform.app_tables;
begin
  perform platform.check_app_id(p_app_id);
  perform pg_advisory_xact_lock(hashtextextended('app:' || p_app_id, 0));
  if exists (select from platform.apps where app_id = p_app_id and held_at is null) then
    raise exception 'the app is in use here' using errcode = '55000';
  end if;
  perform set_config('platform.is_moving', 'on', true);
  if part ? 'app' then
    perform platform.app_in(p_app_id, part -> 'app');
    notify pgrst, 'reload schema';
  elsif part ? 'people' then
    for x in select e.x from jsonb_array_elements(part -> 'people') e (x) loop
      perform platform.account_in(p_app_id, x);
    end loop;
  elsif part ? 'table' then
    select * into strict known from platform.app_tables where app_id = p_app_id and name = part ->> 'table';
    if part ? 'rows' then
      perform platform.rows_in(known, part -> 'rows');
    else
      perform platform.table_in(known, part -> 'sum');
      notify pgrst, 'reload schema';
    end if;
  end if;
end $$;

-- As drop_app, of an app that is held: what has moved away, or was to come and did not.
create or replace function public.drop_moved(p_app_id text, p_max integer default 100) returns integer
language plpgsql volatile security definer set search_path = '' set lock_timeout = '5s' set statement_timeout = '18s' as $$
begin
  perform platform.check_app_id(p_app_id);
  if exists (select from platform.apps where app_id = p_app_id and held_at is null) then
    raise exception 'the app is in use here' using errcode = '55000';
  end if;
  perform set_config('platform.is_moving', 'on', true);
  return public.drop_app(p_app_id, p_max);
end $$;

revoke execute on all functions in schema platform from public, anon, authenticated;
grant execute on function platform.current_app_id(), platform.my_teams(text), platform.my_team(text) to authenticated, service_role;
revoke execute
  on function public.hold_app(text, boolean), public.move_out(text, jsonb), public.move_in(text, text), public.drop_moved(text, integer)
  from public, anon, authenticated;
grant execute
  on function public.hold_app(text, boolean), public.move_out(text, jsonb), public.move_in(text, text), public.drop_moved(text, integer)
  to service_role;
notify pgrst, 'reload schema';

commit;
