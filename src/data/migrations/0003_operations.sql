-- What keeps one app from taking a whole shard: how many tables, rows and bytes it may have.
--
-- Tables are counted exactly. Rows and bytes are measured, at most once in five seconds for an app, in a second when nine tenths of what it
-- may have are used: counted for each insert, they would make inserts wait for each other. Rows are those that the server's statistics
-- know of, which hear of what a connection has done within about a second, and within ten when it then falls silent. Bytes are what the
-- tables and their indexes take on the disk: what deleted rows leave free is used again, but counts. What one statement inserts is counted.

begin;
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- What an app may have of which platform.app_quotas says nothing else. The operator changes it.
create table if not exists platform.settings (
  is_only boolean primary key default true check (is_only),
  max_tables bigint not null default 100 check (max_tables >= 0),
  max_rows bigint not null default 200000 check (max_rows >= 0),
  max_bytes bigint not null default 268435456 check (max_bytes >= 0)
);
insert into platform.settings (is_only) values (true) on conflict do nothing;

create table if not exists platform.app_quotas (
  app_id text primary key references platform.apps on delete cascade,
  max_tables bigint check (max_tables >= 0),
  max_rows bigint check (max_rows >= 0),
  max_bytes bigint check (max_bytes >= 0)
);

-- What was measured last, and what was allowed then.
create table if not exists platform.app_usage (
  app_id text primary key references platform.apps on delete cascade,
  row_count bigint not null default 0,
  byte_count bigint not null default 0,
  max_rows bigint not null default 0,
  max_bytes bigint not null default 0,
  -- When it is to be measured again.
  due_at timestamptz not null default '-infinity'
);

alter table platform.settings enable row level security;
alter table platform.app_quotas enable row level security;
alter table platform.app_usage enable row level security;
grant select, update on platform.settings to service_role;
grant select, insert, update, delete on platform.app_quotas to service_role;
grant select on platform.app_usage to service_role;

-- What an app may have.
create or replace function platform.quota(p_app_id text) returns platform.app_quotas
language sql stable set search_path = '' as $$
  select p_app_id, coalesce(q.max_tables, s.max_tables), coalesce(q.max_rows, s.max_rows), coalesce(q.max_bytes, s.max_bytes)
    from platform.settings s left join platform.app_quotas q on q.app_id = p_app_id
$$;

-- What each of its tables has. Where the server has lost count, as it does when it is killed, it is what it last estimated.
create or replace function platform.table_usage(p_app_id text) returns table (name text, row_count bigint, byte_count bigint)
language sql stable set search_path = '' as $$
  select t.name,
      case when pg_stat_get_live_tuples(c.oid) = 0 and pg_stat_get_tuples_deleted(c.oid) = 0 then greatest(c.reltuples, 0)::bigint
        else pg_stat_get_live_tuples(c.oid) end,
      coalesce(pg_total_relation_size(c.oid), 0)
    from platform.app_tables t join pg_catalog.pg_class c on c.relname = t.physical_name and c.relnamespace = 'public'::regnamespace
    where t.app_id = p_app_id
$$;

-- Measures an app, and keeps what was found. Null when somebody else is at it, or one of its tables is being changed, unless it must be.
create or replace function platform.measure_app(p_app_id text, p_must boolean) returns platform.app_usage
language plpgsql volatile set search_path = '' set lock_timeout = '100ms' as $$
declare
  u platform.app_usage;
  is_mine boolean;
begin
  perform from platform.app_usage where app_id = p_app_id for update skip locked;
  is_mine := found;
  if not is_mine and not p_must then return null; end if;
  -- What this connection has done is told to all when this transaction ends.
  perform pg_stat_force_next_flush();
  begin
    select p_app_id, coalesce(sum(t.row_count), 0)::bigint, coalesce(sum(t.byte_count), 0)::bigint into u.app_id, u.row_count, u.byte_count
      from platform.table_usage(p_app_id) t;
  exception when lock_not_available then
    return null;
  end;
  select q.max_rows, q.max_bytes into u.max_rows, u.max_bytes from platform.quota(p_app_id) q;
  u.due_at := clock_timestamp()
    + case when u.row_count > u.max_rows * 0.9 or u.byte_count > u.max_bytes * 0.9 then interval '1 second' else interval '5 seconds' end;
  if is_mine then
    update platform.app_usage set row_count = u.row_count, byte_count = u.byte_count, max_rows = u.max_rows, max_bytes = u.max_bytes, due_at = u.due_at
      where app_id = p_app_id;
  end if;
  return u;
end $$;

-- Measures an app, and refuses what goes beyond its quota.
create or replace function platform.check_room(p_app_id text, p_added bigint) returns void
language plpgsql volatile set search_path = '' as $$
declare
  u platform.app_usage;
begin
  select * into u from platform.app_usage where app_id = p_app_id;
  -- What was measured before may let something in, and refuses nothing.
  u := platform.measure_app(p_app_id, u.row_count + p_added > u.max_rows or u.byte_count > u.max_bytes);
  if u.byte_count > u.max_bytes then
    raise exception 'the app''s data is full: it takes % of % bytes', u.byte_count, u.max_bytes using errcode = '54000',
      hint = 'Drop tables that are not needed, or ask the operator for more. What deleted rows took counts until the operator compacts the table.';
  elsif u.row_count + p_added > u.max_rows then
    raise exception 'the app''s data is full: it has % of % rows, and % more were to come', u.row_count, u.max_rows, p_added using errcode = '54000',
      hint = 'Delete rows that are not needed, or ask the operator for more.';
  end if;
end $$;

-- What is looked at for each statement is one row; only then is anything measured.
create or replace function platform.admit_rows() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if not exists (select from platform.app_usage where app_id = tg_argv[0]
      and row_count + (select count(*) from added) <= max_rows and byte_count <= max_bytes and clock_timestamp() < due_at) then
    perform platform.check_room(tg_argv[0], (select count(*) from added));
  end if;
  return null;
end $$;

-- What is changed may grow.
create or replace function platform.admit_changes() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  if not exists (select from platform.app_usage where app_id = tg_argv[0] and byte_count <= max_bytes and clock_timestamp() < due_at) then
    perform platform.check_room(tg_argv[0], 0);
  end if;
  return null;
end $$;

create or replace function platform.watch_table(p_app_id text, p_table text) returns void
language plpgsql volatile set search_path = '' as $$
begin
  insert into platform.app_usage (app_id) values (p_app_id) on conflict do nothing;
  execute format('create or replace trigger quota_of_rows after insert on public.%I referencing new table as added for each statement execute function platform.admit_rows(%L)', p_table, p_app_id);
  execute format('create or replace trigger quota_of_bytes after update on public.%I for each statement execute function platform.admit_changes(%L)', p_table, p_app_id);
end $$;

-- A table that was just made, and is among the app's.
create or replace function platform.admit_table() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  most constant bigint := (platform.quota(new.app_id)).max_tables;
begin
  if (select count(*) from platform.app_tables where app_id = new.app_id) > most then
    raise exception 'the app would have more than % tables', most using errcode = '54000',
      hint = 'Drop tables that are not needed, or ask the operator for more.';
  end if;
  perform platform.watch_table(new.app_id, new.physical_name);
  return null;
end $$;
create or replace trigger admit_table after insert on platform.app_tables for each row execute function platform.admit_table();
-- Those that are there already.
select count(platform.watch_table(app_id, physical_name)) from platform.app_tables;

-- What an app has, what it may have, and what each of its tables has, by name:
-- {"tables", "rows", "bytes", "max_tables", "max_rows", "max_bytes", "by_table": [{"name", "rows", "bytes"}]}.
create or replace function public.app_usage(p_app_id text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
begin
  perform platform.check_app_id(p_app_id);
  return (
    select jsonb_build_object('tables', count(t.name), 'rows', coalesce(sum(t.row_count), 0), 'bytes', coalesce(sum(t.byte_count), 0),
        'max_tables', q.max_tables, 'max_rows', q.max_rows, 'max_bytes', q.max_bytes,
        'by_table', coalesce(jsonb_agg(jsonb_build_object('name', t.name, 'rows', t.row_count, 'bytes', t.byte_count) order by t.name)
          filter (where t.name is not null), '[]'))
      from platform.quota(p_app_id) q left join platform.table_usage(p_app_id) t on true
      group by q.max_tables, q.max_rows, q.max_bytes);
end $$;

revoke execute on function
    platform.quota(text), platform.table_usage(text), platform.measure_app(text, boolean), platform.check_room(text, bigint),
    platform.admit_rows(), platform.admit_changes(), platform.watch_table(text, text), platform.admit_table()
  from public, anon, authenticated;
revoke execute on function public.app_usage(text) from public, anon, authenticated;
grant execute on function public.app_usage(text) to service_role;
notify pgrst, 'reload schema';

commit;
