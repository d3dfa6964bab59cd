-- The data of generated apps: tables public.app_<app id>_<table>, each guarded by row-level security. PostgreSQL 15 or newer.
--
-- Everything here belongs to the schema "platform", which no API exposes, but for the functions at the end that the service role calls:
-- provision_app, describe_app, drop_table, drop_app; is_member. They are the only way in which a table comes to be or goes. How people
-- become users of apps is in 0002_people.sql.
--
-- Every function has an empty search path, so that all it names is what it was written for. Names come through %I, values through %L,
-- types from a list.

begin;
set local lock_timeout = '5s';
set local statement_timeout = '60s';

create schema if not exists platform;
revoke all on schema platform from public;
-- Policies call functions in it. Its tables are granted to nobody but the service role.
grant usage on schema platform to anon, authenticated, service_role;

create table if not exists platform.apps (
  -- Without "_": the table "b_c" of an app "a" is never the table "c" of an app "a_b".
  app_id text primary key check (app_id ~ '^[a-z][a-z0-9]{7,15}$'),
  created_at timestamptz not null default now()
);

create table if not exists platform.app_tables (
  app_id text not null references platform.apps on delete cascade,
  name text not null,
  physical_name text not null unique,
  -- As checked_table leaves it: every key is there.
  spec jsonb not null,
  created_at timestamptz not null default now(),
  primary key (app_id, name)
);

-- The users of an app: who has come in through its own address. People have one account in a shard, and are nobody in an app that is
-- not here.
create table if not exists platform.app_members (
  app_id text not null references platform.apps on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  status text not null default 'active' check (status in ('active', 'blocked')),
  joined_at timestamptz not null default now(),
  primary key (app_id, user_id)
);
create index if not exists app_members_by_user on platform.app_members (user_id);

create table if not exists platform.team_members (
  app_id text not null references platform.apps on delete cascade,
  team_id uuid not null,
  user_id uuid not null references auth.users on delete cascade,
  role text not null default 'member' check (role in ('owner', 'admin', 'member')),
  primary key (app_id, team_id, user_id)
);
create index if not exists team_members_by_user on platform.team_members (user_id, app_id);

-- What was done to apps. It outlives them.
create table if not exists platform.audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  app_id text not null,
  action text not null,
  detail jsonb not null default '{}'
);
create index if not exists audit_by_app on platform.audit (app_id, id);

alter table platform.apps enable row level security;
alter table platform.app_tables enable row level security;
alter table platform.app_members enable row level security;
alter table platform.team_members enable row level security;
alter table platform.audit enable row level security;
grant select, insert, update, delete on platform.apps, platform.app_tables, platform.app_members, platform.team_members to service_role;
grant select, insert on platform.audit to service_role;

---- What policies ask ------------------------------------------------------------------------------------------------------------------

-- The app that a token was made for: a claim that only whoever makes tokens can set. What users say of themselves is below
-- user_metadata, and is not looked at.
create or replace function platform.current_app_id() returns text
language sql stable set search_path = '' as $$
  select auth.jwt() ->> 'app_id'
$$;

create or replace function platform.my_teams(p_app_id text) returns setof uuid
language sql stable security definer set search_path = '' as $$
  select team_id from platform.team_members where app_id = p_app_id and user_id = (select auth.uid())
$$;

-- The team of whoever is in one alone: what they add is its. Who is in none, or in several, has to say whose it is.
create or replace function platform.my_team(p_app_id text) returns uuid
language plpgsql stable set search_path = '' as $$
declare
  teams constant uuid[] := array(select platform.my_teams(p_app_id));
begin
  if (select auth.uid()) is not null and cardinality(teams) <> 1 then
    raise exception '%', case cardinality(teams) when 0 then 'You are in no team of this app.' else 'You are in several teams of this app.' end
      using errcode = '42501', hint = 'Give the "team_id" of a team that you are in.';
  end if;
  return teams[1];
end $$;

create or replace function platform.touch_updated_at() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := now();
  return new;
end $$;

---- Names ------------------------------------------------------------------------------------------------------------------------------

create or replace function platform.check_app_id(p_app_id text) returns void
language plpgsql immutable set search_path = '' as $$
begin
  if p_app_id is null or p_app_id !~ '^[a-z][a-z0-9]{7,15}$' then
    raise exception 'invalid app id' using errcode = '22023',
      hint = 'An app id is a lower-case letter and 7 to 15 lower-case letters or digits.';
  end if;
end $$;

create or replace function platform.physical_name(p_app_id text, p_table text) returns text
language plpgsql immutable set search_path = '' as $$
declare
  n text := 'app_' || p_app_id || '_' || p_table;
begin
  perform platform.check_app_id(p_app_id);
  if p_table is null or p_table !~ '^[a-z][a-z0-9_]*$' then
    raise exception 'invalid table name %', coalesce(left(p_table, 80), 'null') using errcode = '42602',
      hint = 'A table name is a lower-case letter, then lower-case letters, digits or "_".';
  end if;
  if octet_length(n) > 63 then
    raise exception 'table name too long: % is % bytes, limit 63', left(n, 120), octet_length(n) using errcode = '42622',
      hint = format('A table of this app has a name of at most %s bytes.', 63 - octet_length('app_' || p_app_id || '_'));
  end if;
  return n;
end $$;

-- Names of indexes and constraints, which the server would cut off at 63 bytes without a word.
create or replace function platform.object_name(p_base text, p_suffix text) returns text
language sql immutable set search_path = '' as $$
  select case
    when octet_length(p_base || '_' || p_suffix) <= 63 then p_base || '_' || p_suffix
    else left(p_base, 40) || '_' || substr(md5(p_base || '_' || p_suffix), 1, 10) || '_' || right(p_suffix, 10)
  end
$$;

---- Specs ------------------------------------------------------------------------------------------------------------------------------

create or replace function platform.check_keys(p_value jsonb, p_what text, p_known text[]) returns void
language plpgsql immutable set search_path = '' as $$
declare
  k text;
begin
  if jsonb_typeof(p_value) is distinct from 'object' then
    raise exception '% must be an object', p_what using errcode = '22023';
  end if;
  for k in select * from jsonb_object_keys(p_value) loop
    if k <> all (p_known) then
      raise exception '% has no "%"', p_what, left(k, 80) using errcode = '22023', hint = 'It has: ' || array_to_string(p_known, ', ') || '.';
    end if;
  end loop;
end $$;

create or replace function platform.flag(p_value jsonb, p_key text, p_default boolean) returns boolean
language plpgsql immutable set search_path = '' as $$
begin
  if not p_value ? p_key or p_value -> p_key = 'null' then return p_default; end if;
  if jsonb_typeof(p_value -> p_key) <> 'boolean' then
    raise exception '"%" must be true or false', p_key using errcode = '22023';
  end if;
  return (p_value ->> p_key)::boolean;
end $$;

-- A default as the server writes it, without the word; null when there is none.
create or replace function platform.default_sql(p_type text, p_default jsonb) returns text
language plpgsql immutable set search_path = '' as $$
declare
  f text;
begin
  if p_default is null or p_default = 'null' then return null; end if;
  if jsonb_typeof(p_default) = 'object' and (p_type <> 'jsonb' or p_default ? 'fn') then
    f := case p_default ->> 'fn' when 'now' then 'now()' when 'uuid' then 'gen_random_uuid()' when 'uid' then 'auth.uid()' end;
    if f is null then
      raise exception 'unsupported default function %', coalesce(left(p_default ->> 'fn', 80), 'null') using errcode = '42883',
        hint = 'A default is a value, or {"fn": "now"}, {"fn": "uuid"} or {"fn": "uid"}.';
    end if;
    return f;
  end if;
  if jsonb_typeof(p_default) = 'array' and p_type like '%[]' then
    return format('%L::%s', (select coalesce(array_agg(x), '{}') from jsonb_array_elements_text(p_default) x)::text, p_type);
  end if;
  -- For jsonb the text of the value is the value.
  return format('%L::%s', case when p_type = 'jsonb' then p_default::text else p_default #>> '{}' end, p_type);
end $$;

create or replace function platform.checked_column(p_column jsonb) returns jsonb
language plpgsql immutable set search_path = '' as $$
declare
  n text;
  t text;
  k text;
  o text;
begin
  perform platform.check_keys(p_column, 'a column',
    array['name', 'type', 'nullable', 'default', 'enum', 'unique', 'index', 'references', 'on_delete']);
  n := p_column ->> 'name';
  t := p_column ->> 'type';
  if n is null or n !~ '^[a-z][a-z0-9_]*$' or octet_length(n) > 63 then
    raise exception 'invalid column name %', coalesce(left(n, 80), 'null') using errcode = '42602',
      hint = 'A column name is a lower-case letter, then lower-case letters, digits or "_", at most 63 bytes.';
  end if;
  if n in ('id', 'user_id', 'team_id', 'created_at', 'updated_at') then
    raise exception 'reserved column name %', n using errcode = '42939', hint = 'Every table has it by itself.';
  end if;
  if t is null or t not in ('text', 'integer', 'bigint', 'numeric', 'double precision', 'boolean', 'uuid', 'date', 'time', 'timestamptz',
                            'jsonb', 'text[]', 'integer[]', 'uuid[]') then
    raise exception 'unsupported type % for column %', coalesce(left(t, 80), 'null'), n using errcode = '42704',
      hint = 'There is: text, integer, bigint, numeric, double precision, boolean, uuid, date, time, timestamptz, jsonb, text[], integer[], uuid[].';
  end if;
  if p_column ? 'enum' and p_column -> 'enum' <> 'null' then
    if jsonb_typeof(p_column -> 'enum') <> 'array' or jsonb_array_length(p_column -> 'enum') not between 1 and 100 then
      raise exception 'the enum of column % must be a list of 1 to 100 values', n using errcode = '22023';
    end if;
    if t like '%[]' or t = 'jsonb' then
      raise exception 'column % of type % cannot have an enum', n, t using errcode = '22023';
    end if;
    if exists (select from jsonb_array_elements(p_column -> 'enum') x where jsonb_typeof(x) not in ('string', 'number', 'boolean')) then
      raise exception 'the enum of column % has a value that is neither text nor number', n using errcode = '22023';
    end if;
    if p_column ? 'default' and jsonb_typeof(p_column -> 'default') not in ('null', 'object')
       and not exists (select from jsonb_array_elements_text(p_column -> 'enum') x where x = p_column ->> 'default') then
      raise exception 'the default of column % is not in its enum', n using errcode = '22023';
    end if;
  end if;
  k := p_column ->> 'references';
  o := p_column ->> 'on_delete';
  if k is not null and t <> 'uuid' then
    raise exception 'reference column % must be uuid', n using errcode = '42804';
  end if;
  if o is not null and (k is null or o not in ('cascade', 'set null', 'restrict')) then
    raise exception 'column % cannot be "%" on delete', n, left(o, 80) using errcode = '22023',
      hint = 'A column with "references" may have "on_delete": cascade, set null or restrict.';
  end if;
  if o = 'set null' and not platform.flag(p_column, 'nullable', true) then
    raise exception 'column % cannot be set to null on delete: it is not nullable', n using errcode = '22023';
  end if;
  perform platform.default_sql(t, p_column -> 'default');
  return jsonb_build_object(
    'name', n, 'type', t,
    'nullable', platform.flag(p_column, 'nullable', true),
    'unique', platform.flag(p_column, 'unique', false),
    'index', platform.flag(p_column, 'index', false),
    'default', coalesce(p_column -> 'default', 'null'),
    'enum', coalesce(p_column -> 'enum', 'null'),
    'references', k,
    'on_delete', case when k is not null then coalesce(o, 'cascade') end);
end $$;

-- A spec with all its keys, or an error that says what is wrong with it.
create or replace function platform.checked_table(p_app_id text, p_spec jsonb) returns jsonb
language plpgsql immutable set search_path = '' as $$
declare
  a text;
  columns jsonb;
  twice text;
begin
  perform platform.check_keys(p_spec, 'a table', array['name', 'access', 'columns', 'realtime']);
  perform platform.physical_name(p_app_id, p_spec ->> 'name');
  a := coalesce(p_spec ->> 'access', 'owner');
  if a not in ('owner', 'public_read', 'app_read', 'team', 'server') then
    raise exception 'unknown access mode %', left(a, 80) using errcode = '22023',
      hint = 'There is: owner, public_read, app_read, team, server.';
  end if;
  if a = 'server' and platform.flag(p_spec, 'realtime', false) then
    raise exception 'nobody hears of the table %', p_spec ->> 'name' using errcode = '22023',
      hint = 'A table of access server is read by nobody: leave out "realtime".';
  end if;
  columns := coalesce(nullif(p_spec -> 'columns', 'null'), '[]');
  if jsonb_typeof(columns) <> 'array' then
    raise exception 'the columns of % must be a list', p_spec ->> 'name' using errcode = '22023';
  end if;
  if jsonb_array_length(columns) > 200 then
    raise exception 'too many columns: % has %, limit 200', p_spec ->> 'name', jsonb_array_length(columns) using errcode = '54011';
  end if;
  select x ->> 'name' into twice from jsonb_array_elements(columns) x
    where jsonb_typeof(x) = 'object' group by x ->> 'name' having count(*) > 1 limit 1;
  if twice is not null then
    raise exception 'column % is there twice', left(twice, 80) using errcode = '42701';
  end if;
  select coalesce(jsonb_agg(platform.checked_column(x) order by ord), '[]') into columns
    from jsonb_array_elements(columns) with ordinality e(x, ord);
  -- Null when it is not said: a table that is there stays as it is.
  return jsonb_build_object('name', p_spec ->> 'name', 'access', a, 'columns', columns, 'realtime', platform.flag(p_spec, 'realtime', null));
end $$;

---- Tables -----------------------------------------------------------------------------------------------------------------------------

-- A column as it is written in a table, without what leads to other tables.
create or replace function platform.column_sql(p_table text, p_column jsonb) returns text
language plpgsql immutable set search_path = '' as $$
declare
  n text := p_column ->> 'name';
  t text := p_column ->> 'type';
  d text := platform.default_sql(t, p_column -> 'default');
begin
  return format('%I %s', n, t)
    || coalesce(' default ' || d, '')
    || case when (p_column ->> 'nullable')::boolean then '' else ' not null' end
    || case when (p_column ->> 'unique')::boolean then format(' constraint %I unique', platform.object_name(p_table, n || '_key')) else '' end
    || case when p_column -> 'enum' = 'null' then '' else
         format(' constraint %I check (%I = any (%L::%s[]))', platform.object_name(p_table, n || '_enum'), n,
           (select array_agg(x) from jsonb_array_elements_text(p_column -> 'enum') x)::text, t) end;
end $$;

-- The index that a column wants, and the foreign key.
create or replace function platform.link_column(p_app_id text, p_table text, p_column jsonb) returns void
language plpgsql volatile set search_path = '' as $$
declare
  n text := p_column ->> 'name';
  target text;
begin
  if ((p_column ->> 'index')::boolean or p_column ->> 'references' is not null) and not (p_column ->> 'unique')::boolean then
    execute format('create index %I on public.%I (%I)', platform.object_name(p_table, n || '_idx'), p_table, n);
  end if;
  if p_column ->> 'references' is not null then
    select physical_name into target from platform.app_tables where app_id = p_app_id and name = p_column ->> 'references';
    if target is null then
      raise exception 'column % references %, and the app has no such table', n, left(p_column ->> 'references', 80) using errcode = '42P01';
    end if;
    execute format('alter table public.%I add constraint %I foreign key (%I) references public.%I (id) on delete %s',
      p_table, platform.object_name(p_table, n || '_fkey'), n, target, p_column ->> 'on_delete');
  end if;
end $$;

-- Who may do what with the rows of a table: one gate for all, and one policy for each command.
create or replace function platform.guard_table(p_app_id text, p_table text, p_access text) returns void
language plpgsql volatile set search_path = '' as $$
declare
  own constant text := '(select auth.uid()) = user_id';
  team constant text := format('team_id in (select platform.my_teams(%L))', p_app_id);
  -- Compared within: what is compared without is taken to let one row in two hundred through, and no index is walked for a few of them.
  gate constant text := format('(select platform.current_app_id() = %L)', p_app_id);
  reads text := case p_access when 'owner' then own when 'team' then team else 'true' end;
  writes text := case p_access when 'team' then team || ' and ' || own else own end;
begin
  -- By default, hosted projects grant everything to everybody.
  execute format('revoke all on public.%I from public, anon, authenticated', p_table);
  execute format('grant all on public.%I to service_role', p_table);
  execute format('alter table public.%I enable row level security', p_table);
  execute format('alter table public.%I force row level security', p_table);
  if p_access = 'server' then return; end if;
  execute format('grant select, insert, update, delete on public.%I to authenticated', p_table);
  execute format('create policy app_gate on public.%I as restrictive for all to authenticated using (%s) with check (%s)', p_table, gate, gate);
  execute format('create policy app_select on public.%I for select to authenticated using (%s)', p_table, reads);
  execute format('create policy app_insert on public.%I for insert to authenticated with check (%s)', p_table, writes);
  execute format('create policy app_update on public.%I for update to authenticated using (%s) with check (%s)', p_table, writes, writes);
  execute format('create policy app_delete on public.%I for delete to authenticated using (%s)', p_table, writes);
  if p_access = 'public_read' then
    execute format('grant select on public.%I to anon', p_table);
    execute format('create policy anon_select on public.%I for select to anon using (true)', p_table);
  end if;
end $$;

create or replace function platform.create_table(p_app_id text, p_spec jsonb) returns text
language plpgsql volatile set search_path = '' as $$
declare
  t constant text := platform.physical_name(p_app_id, p_spec ->> 'name');
  is_team constant boolean := p_spec ->> 'access' = 'team';
  is_server constant boolean := p_spec ->> 'access' = 'server';
  s constant jsonb := p_spec || jsonb_build_object('realtime', platform.flag(p_spec, 'realtime', false));
  columns text;
begin
  select string_agg(', ' || platform.column_sql(t, x), '' order by ord) into columns
    from jsonb_array_elements(p_spec -> 'columns') with ordinality e(x, ord);
  execute format(
    'create table public.%I (id uuid primary key default gen_random_uuid(), '
    'user_id uuid %s default auth.uid() references auth.users (id) on delete cascade, %s'
    'created_at timestamptz not null default now(), updated_at timestamptz not null default now()%s)',
    t, case when is_server then '' else 'not null' end,
    case when is_team then format('team_id uuid not null default platform.my_team(%L), ', p_app_id) else '' end, coalesce(columns, ''));
  execute format('create index %I on public.%I (user_id)', platform.object_name(t, 'user_idx'), t);
  if is_team then
    execute format('create index %I on public.%I (team_id)', platform.object_name(t, 'team_idx'), t);
  end if;
  execute format('create trigger touch before update on public.%I for each row execute function platform.touch_updated_at()', t);
  perform platform.guard_table(p_app_id, t, p_spec ->> 'access');
  if s ->> 'realtime' = 'true' then
    perform platform.tell_changes(p_app_id, s, true);
  end if;
  insert into platform.app_tables (app_id, name, physical_name, spec) values (p_app_id, s ->> 'name', t, s);
  insert into platform.audit (app_id, action, detail) values (p_app_id, 'create_table', s);
  return t;
end $$;

-- Adds what a spec has more than the table, and returns these columns; refuses what is not an addition.
create or replace function platform.extend_table(p_known platform.app_tables, p_spec jsonb) returns jsonb
language plpgsql volatile set search_path = '' as $$
declare
  c jsonb;
  was jsonb;
  k text;
  added jsonb := jsonb '[]';
begin
  if p_known.spec ->> 'access' <> p_spec ->> 'access' then
    raise exception 'access mode of % cannot change additively', p_spec ->> 'name' using errcode = '0A000',
      hint = format('It is %s. Define a table of another name with the new access, copy the rows, then drop this one.', p_known.spec ->> 'access');
  end if;
  for c in select x from jsonb_array_elements(p_spec -> 'columns') with ordinality e(x, ord) order by ord loop
    select x into was from jsonb_array_elements(p_known.spec -> 'columns') x where x ->> 'name' = c ->> 'name';
    if was is null then
      if not (c ->> 'nullable')::boolean and c -> 'default' = 'null' then
        raise exception 'new column % needs a default or nullable', c ->> 'name' using errcode = '23502',
          hint = 'The rows that are there have no value for it.';
      end if;
      added := added || c;
    elsif was <> c then
      select string_agg(e.key, ', ' order by e.key) into k from jsonb_each(c) e where was -> e.key <> e.value;
      raise exception 'a change of column % of % is not additive: %', c ->> 'name', p_spec ->> 'name', k using errcode = '0A000',
        hint = 'Add a column of another name, copy the values, then drop the table or leave the old column.';
    end if;
  end loop;
  if added <> '[]' then
    execute format('alter table public.%I %s', p_known.physical_name,
      (select string_agg('add column ' || platform.column_sql(p_known.physical_name, x), ', ' order by ord)
        from jsonb_array_elements(added) with ordinality e(x, ord)));
    update platform.app_tables set spec = jsonb_set(spec, '{columns}', (spec -> 'columns') || added)
      where app_id = p_known.app_id and name = p_known.name;
    insert into platform.audit (app_id, action, detail)
      values (p_known.app_id, 'add_columns', jsonb_build_object('name', p_known.name, 'columns', added));
  end if;
  if p_spec -> 'realtime' <> 'null' and p_spec -> 'realtime' <> p_known.spec -> 'realtime' then
    perform platform.tell_changes(p_known.app_id, p_spec, (p_spec ->> 'realtime')::boolean);
    update platform.app_tables set spec = spec || jsonb_build_object('realtime', p_spec -> 'realtime')
      where app_id = p_known.app_id and name = p_known.name;
    insert into platform.audit (app_id, action, detail)
      values (p_known.app_id, 'set_realtime', jsonb_build_object('name', p_known.name, 'realtime', p_spec -> 'realtime'));
  end if;
  return added;
end $$;

-- Holds a table to what it is said to be, by the catalog and not by what was done.
create or replace function platform.verify_table(p_app_id text, p_table text, p_access text) returns void
language plpgsql stable set search_path = '' as $$
declare
  t constant oid := to_regclass(format('public.%I', p_table))::oid;
  expected text[] := case p_access when 'server' then '{}'::text[]
    else array['app_gate *', 'app_select r', 'app_insert a', 'app_update w', 'app_delete d'] end
    || case p_access when 'public_read' then array['anon_select r'] else '{}'::text[] end;
  grants text[] := case p_access when 'server' then '{}'::text[]
    else array['authenticated DELETE', 'authenticated INSERT', 'authenticated SELECT', 'authenticated UPDATE'] end
    || case p_access when 'public_read' then array['anon SELECT'] else '{}'::text[] end;
  found text[];
begin
  if not exists (select from pg_catalog.pg_class where oid = t and relkind = 'r' and relrowsecurity and relforcerowsecurity) then
    raise exception 'row-level security of % is not enabled and forced', p_table using errcode = '55000';
  end if;
  select array_agg(polname || ' ' || polcmd::text) into found from pg_catalog.pg_policy where polrelid = t;
  if not (coalesce(found, '{}') @> expected and expected @> coalesce(found, '{}')) then
    raise exception 'the policies of % are not those of %', p_table, p_access using errcode = '55000';
  end if;
  if p_access <> 'server' and not exists (
    select from pg_catalog.pg_policy
    where polrelid = t and polname = 'app_gate' and not polpermissive and polroles = array['authenticated'::regrole::oid]
      and position(quote_literal(p_app_id) in pg_catalog.pg_get_expr(polqual, t)) > 0
      and pg_catalog.pg_get_expr(polqual, t) = pg_catalog.pg_get_expr(polwithcheck, t)
  ) then
    raise exception '% has no gate of its app', p_table using errcode = '55000';
  end if;
  select array_agg(distinct coalesce(r.rolname, 'public') || ' ' || g.privilege_type) into found
    from pg_catalog.pg_class c cross join lateral pg_catalog.aclexplode(c.relacl) g left join pg_catalog.pg_roles r on r.oid = g.grantee
    where c.oid = t and g.grantee <> c.relowner and coalesce(r.rolname, 'public') <> 'service_role';
  if not (coalesce(found, '{}') @> grants and grants @> coalesce(found, '{}')) then
    raise exception 'the grants of % are not those of %', p_table, p_access using errcode = '55000';
  end if;
end $$;

---- What the service role calls --------------------------------------------------------------------------------------------------------

-- Creates an app's tables, or adds to them what is new: all of it or nothing. Done again, it does nothing.
-- Returns {"app_id", "tables": {name: physical name}}.
create or replace function public.provision_app(p_app_id text, p_tables jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  s jsonb;
  c jsonb;
  known platform.app_tables;
  t text;
  added jsonb;
  -- What is left to be linked to other tables: [{"table", "columns"}].
  links jsonb := jsonb '[]';
  made jsonb := jsonb '{}';
begin
  perform platform.check_app_id(p_app_id);
  if jsonb_typeof(p_tables) is distinct from 'array' then
    raise exception 'tables must be an array' using errcode = '22023';
  end if;
  if jsonb_array_length(p_tables) > 500 then
    raise exception 'too many tables at once: %, limit 500', jsonb_array_length(p_tables) using errcode = '54000';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('app:' || p_app_id, 0));
  insert into platform.apps (app_id) values (p_app_id) on conflict do nothing;
  for s in select platform.checked_table(p_app_id, x) from jsonb_array_elements(p_tables) with ordinality e(x, ord) order by ord loop
    select * into known from platform.app_tables where app_id = p_app_id and name = s ->> 'name';
    if known.app_id is null then
      t := platform.create_table(p_app_id, s);
      added := s -> 'columns';
    else
      t := known.physical_name;
      added := platform.extend_table(known, s);
    end if;
    links := links || jsonb_build_object('table', t, 'columns', added);
    made := made || jsonb_build_object(s ->> 'name', t);
  end loop;
  -- Only now is every table there that another one may refer to.
  for s in select x from jsonb_array_elements(links) x loop
    for c in select x from jsonb_array_elements(s -> 'columns') x loop
      perform platform.link_column(p_app_id, s ->> 'table', c);
    end loop;
  end loop;
  for known in select * from platform.app_tables where app_id = p_app_id and made ? name loop
    perform platform.verify_table(p_app_id, known.physical_name, known.spec ->> 'access');
  end loop;
  notify pgrst, 'reload schema';
  return jsonb_build_object('app_id', p_app_id, 'tables', made);
end $$;

-- The specs of an app's tables, by name, with all their keys.
create or replace function public.describe_app(p_app_id text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  perform platform.check_app_id(p_app_id);
  return (select coalesce(jsonb_agg(spec order by name), '[]') from platform.app_tables where app_id = p_app_id);
end $$;

-- Whether this person is a user of the app and not blocked.
create or replace function public.is_member(p_app_id text, p_user_id uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select from platform.app_members where app_id = p_app_id and user_id = p_user_id and status = 'active')
$$;

-- Drops one table with its rows. Returns whether there was one. Columns of other tables that refer to it stay, without their target.
create or replace function public.drop_table(p_app_id text, p_table text) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  t text;
begin
  perform platform.physical_name(p_app_id, p_table);
  perform pg_advisory_xact_lock(hashtextextended('app:' || p_app_id, 0));
  delete from platform.app_tables where app_id = p_app_id and name = p_table returning physical_name into t;
  if t is null then return false; end if;
  execute format('drop table if exists public.%I cascade', t);
  update platform.app_tables set spec = jsonb_set(spec, '{columns}', (
      select coalesce(jsonb_agg(case when x ->> 'references' = p_table then x || '{"references": null, "on_delete": null}' else x end order by ord), '[]')
      from jsonb_array_elements(spec -> 'columns') with ordinality e(x, ord)))
    where app_id = p_app_id and exists (select from jsonb_array_elements(spec -> 'columns') x where x ->> 'references' = p_table);
  insert into platform.audit (app_id, action, detail) values (p_app_id, 'drop_table', jsonb_build_object('name', p_table));
  notify pgrst, 'reload schema';
  return true;
end $$;

-- Drops up to p_max tables of an app, the newest first, and the app when none is left: called until it returns 0. One transaction locks
-- about 25 objects for each table, of which a server has some thousands. Which tables are an app's is what the registry says.
create or replace function public.drop_app(p_app_id text, p_max integer default 100) returns integer
language plpgsql volatile security definer set search_path = '' as $$
declare
  t text;
  n integer := 0;
begin
  perform platform.check_app_id(p_app_id);
  perform pg_advisory_xact_lock(hashtextextended('app:' || p_app_id, 0));
  for t in
    delete from platform.app_tables known using (
      select name from platform.app_tables where app_id = p_app_id order by created_at desc, name desc limit least(greatest(p_max, 1), 100)
    ) x where known.app_id = p_app_id and known.name = x.name returning known.physical_name
  loop
    execute format('drop table if exists public.%I cascade', t);
    n := n + 1;
  end loop;
  if not exists (select from platform.app_tables where app_id = p_app_id) then
    delete from platform.apps where app_id = p_app_id;
    if found then
      insert into platform.audit (app_id, action) values (p_app_id, 'drop_app');
    end if;
  end if;
  notify pgrst, 'reload schema';
  return n;
end $$;

revoke execute on all functions in schema platform from public, anon, authenticated;
grant execute on function platform.current_app_id(), platform.my_teams(text), platform.my_team(text) to authenticated, service_role;
revoke execute
  on function public.provision_app(text, jsonb), public.describe_app(text), public.drop_table(text, text), public.drop_app(text, integer),
    public.is_member(text, uuid)
  from public, anon, authenticated;
grant execute
  on function public.provision_app(text, jsonb), public.describe_app(text), public.drop_table(text, text), public.drop_app(text, integer),
    public.is_member(text, uuid)
  to service_role;
notify pgrst, 'reload schema';

commit;
