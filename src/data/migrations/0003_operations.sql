-- What keeps one app from taking a whole shard, and how an app's data leaves a shard and comes back.
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

---- Out and in -------------------------------------------------------------------------------------------------------------------------

-- All columns of a table, in their order.
create or replace function platform.all_columns(p_spec jsonb) returns table (name text, type text, ord bigint)
language sql immutable set search_path = '' as $$
  select 'id', 'uuid', -3
  union all select 'user_id', 'uuid', -2
  union all select 'team_id', 'uuid', -1 where p_spec ->> 'access' = 'team'
  union all select x ->> 'name', x ->> 'type', e.ord from jsonb_array_elements(p_spec -> 'columns') with ordinality e(x, ord)
  union all select 'created_at', 'timestamptz', 1000
  union all select 'updated_at', 'timestamptz', 1001
$$;

-- A value in a line of CSV (RFC 4180): null is nothing, an empty text is two quotes.
create or replace function platform.csv_cell(p_value text) returns text
language sql immutable set search_path = '' as $$
  select case when p_value is null then '' when p_value = '' or p_value ~ E'[",\r\n]' then '"' || replace(p_value, '"', '""') || '"' else p_value end
$$;

-- A JSON array as a list of texts.
create or replace function platform.text_list(p_value text) returns text[]
language sql immutable set search_path = '' as $$
  select case when p_value is not null then
    coalesce((select array_agg(x order by ord) from jsonb_array_elements_text(p_value::jsonb) with ordinality e(x, ord)), '{}') end
$$;

-- What makes a line of a row of this table.
create or replace function platform.line_sql(p_spec jsonb, p_is_csv boolean) returns text
language sql stable set search_path = '' as $$
  select case when p_is_csv then
      string_agg(format('platform.csv_cell(%s)', format(
        case when c.type like '%[]' then 'to_jsonb(%I)::text' when c.type = 'timestamptz' then $f$to_jsonb(%I) #>> '{}'$f$ else '%I::text' end, c.name)),
        $f$ || ',' || $f$ order by c.ord) || ' || ' || quote_literal(E'\r\n')
    else
      quote_literal(format('insert into %I (%s) values (', p_spec ->> 'name', string_agg(quote_ident(c.name), ', ' order by c.ord))) || ' || '
        || string_agg(format('quote_nullable(%I::text)', c.name), $f$ || ', ' || $f$ order by c.ord) || ' || ' || quote_literal(E');\n')
    end
    from platform.all_columns(p_spec) c
$$;

-- Rows of a table after this id, as lines: {"text", "after"}, until they come to half a MiB or there are no more; then "after" is null.
create or replace function platform.export_rows(p_known platform.app_tables, p_is_csv boolean, p_after uuid) returns jsonb
language plpgsql stable set search_path = '' set timezone = 'UTC' set datestyle = 'ISO, YMD' set extra_float_digits = 1 as $$
declare
  row_id uuid;
  row_line text;
  lines text[] := array[]::text[];
  taken bigint := bigint '0';
begin
  for row_id, row_line in execute format('select id, %s from public.%I %s order by id', platform.line_sql(p_known.spec, p_is_csv), p_known.physical_name,
      case when p_after is null then '' else format('where id > %L', p_after) end) loop
    lines := array_append(lines, row_line);
    taken := taken + octet_length(row_line);
    if taken >= 524288 then return jsonb_build_object('text', array_to_string(lines, ''), 'after', row_id); end if;
  end loop;
  return jsonb_build_object('text', array_to_string(lines, ''), 'after', null);
end $$;

-- A piece of what an app has: {"text", "next"}. Called with no p_at first, and then with what "next" was, until that is null. With a table it is the
-- table's rows in CSV, or null when there is no such table. Without, it is SQL that makes the tables with their rows in an empty database, under
-- their logical names and by PostgreSQL's own means: of people there are the ids, and of guards nothing.
create or replace function public.export_app(p_app_id text, p_table text default null, p_at jsonb default null) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  known platform.app_tables;
  page jsonb;
  head text := '';
  following text;
begin
  perform platform.check_app_id(p_app_id);
  select * into known from platform.app_tables where app_id = p_app_id and name = coalesce(p_table, p_at ->> 'table');
  if p_table is not null then
    if known.app_id is null then return null; end if;
    if p_at is null then
      select string_agg(c.name, ',' order by c.ord) || E'\r\n' into head from platform.all_columns(known.spec) c;
    end if;
    page := platform.export_rows(known, true, (p_at ->> 'after')::uuid);
    return jsonb_build_object('text', head || (page ->> 'text'), 'next', case when page -> 'after' <> 'null' then page - 'text' end);
  end if;
  if p_at is null then
    select format(E'-- The data of the app %s. Its tables, as they are defined:\n-- %s\nbegin;\n', p_app_id, coalesce(jsonb_agg(t.spec order by t.name), '[]'))
        || coalesce(string_agg(format(
          E'create table %I (id uuid primary key, user_id uuid, %s%screated_at timestamptz not null, updated_at timestamptz not null);\n',
          t.name, case when t.spec ->> 'access' = 'team' then 'team_id uuid not null, ' else '' end,
          -- Of a user who asks there is nothing elsewhere.
          (select string_agg(platform.column_sql(t.name, case when x #>> '{default,fn}' = 'uid' and x ->> 'type' <> 'jsonb'
              then x || '{"default": null}' else x end) || ', ', '' order by e.ord)
            from jsonb_array_elements(t.spec -> 'columns') with ordinality e(x, ord))), '' order by t.name), '')
      into head from platform.app_tables t where t.app_id = p_app_id;
  elsif known.app_id is not null then
    page := platform.export_rows(known, false, (p_at ->> 'after')::uuid);
    head := page ->> 'text';
    if page -> 'after' <> 'null' then
      return jsonb_build_object('text', head, 'next', jsonb_build_object('table', known.name, 'after', page -> 'after'));
    end if;
  end if;
  select min(t.name) into following from platform.app_tables t where t.app_id = p_app_id and t.name > coalesce(p_at ->> 'table', '');
  if following is not null then
    return jsonb_build_object('text', head, 'next', jsonb_build_object('table', following));
  end if;
  select head || coalesce(string_agg(format(E'alter table %I add constraint %I foreign key (%I) references %I (id) on delete %s;\n',
      t.name, platform.object_name(t.name, (x ->> 'name') || '_fkey'), x ->> 'name', x ->> 'references', x ->> 'on_delete'), '' order by t.name, e.ord), '')
      || E'commit;\n'
    into head
    from platform.app_tables t, jsonb_array_elements(t.spec -> 'columns') with ordinality e(x, ord)
    where t.app_id = p_app_id and x ->> 'references' is not null;
  return jsonb_build_object('text', head, 'next', null);
end $$;

-- Puts rows into a table: p_columns names their columns, and each row is [its line, its values as texts or null]. A row whose id is there takes the
-- place of that one; one without an id gets one that p_key and its line lead to, so that it is the same when all this is done again. All of them or
-- none: {"inserted", "updated"}, or {"errors": [{"line", "code", "message"}]}, at most 100; null when there is no such table. With p_check, none.
create or replace function public.import_rows(p_app_id text, p_table text, p_columns jsonb, p_rows jsonb, p_key text, p_check boolean default false) returns jsonb
language plpgsql volatile security definer set search_path = '' set timezone = 'UTC' set datestyle = 'ISO, YMD' as $$
declare
  known platform.app_tables;
  statement text;
  r jsonb;
  n text;
  done jsonb;
  detail text;
  errors jsonb := jsonb '[]';
begin
  perform platform.physical_name(p_app_id, p_table);
  select * into known from platform.app_tables where app_id = p_app_id and name = p_table;
  if known.app_id is null then return null; end if;
  select x into n from jsonb_array_elements_text(p_columns) x where x not in (select c.name from platform.all_columns(known.spec) c) limit 1;
  if n is not null then
    raise exception 'the table % has no column "%"', p_table, left(n, 80) using errcode = '42703',
      hint = 'Its columns, which the first line of the file names: ' || (select string_agg(c.name, ', ' order by c.ord) from platform.all_columns(known.spec) c) || '.';
  end if;
  select x into n from jsonb_array_elements_text(p_columns) x group by x having count(*) > 1 limit 1;
  if n is not null then
    raise exception 'the file names the column "%" twice', n using errcode = '42701';
  end if;
  if known.spec ->> 'access' <> 'server' and not p_columns ? 'user_id' then
    raise exception 'the file has no column "user_id"' using errcode = '23502', hint = 'Each row of this table is somebody''s: user_id is their id.';
  end if;
  select format('with given as (insert into public.%I (%s) select %s from jsonb_array_elements($1) r on conflict (id) do update set %s returning (xmax = 0) as is_new) '
      'select jsonb_build_object(''inserted'', count(*) filter (where is_new), ''updated'', count(*) filter (where not is_new)) from given',
      known.physical_name, string_agg(quote_ident(c.name), ', ' order by c.ord),
      string_agg(format(case
          when c.name = 'id' and f.ord is null then $f$md5($2 || '/' || (r ->> 0))::uuid$f$
          when c.name = 'id' then $f$coalesce((r ->> %1$s)::uuid, md5($2 || '/' || (r ->> 0))::uuid)$f$
          -- Whom the shard does not know, nobody is in a table that is nobody's.
          when c.name = 'user_id' and known.spec ->> 'access' = 'server' then '(select u.id from auth.users u where u.id = (r ->> %1$s)::uuid)'
          when c.name in ('created_at', 'updated_at') then 'coalesce((r ->> %1$s)::timestamptz, now())'
          when c.type like '%[]' then 'platform.text_list(r ->> %1$s)::%2$s'
          else '(r ->> %1$s)::%2$s' end, f.ord, c.type), ', ' order by c.ord),
      string_agg(format('%1$I = excluded.%1$I', c.name), ', ' order by c.ord))
    into statement
    from platform.all_columns(known.spec) c left join jsonb_array_elements_text(p_columns) with ordinality f(name, ord) on f.name = c.name
    where f.ord is not null or c.name = 'id';
  begin
    if not p_check then
      execute statement into done using p_rows, p_key;
      return done;
    end if;
  exception
    -- Full or held it is, whichever line it was.
    when program_limit_exceeded or sqlstate 'PT503' then raise;
    when others then null;
  end;
  -- One by one, to know which it is.
  done := jsonb '{"inserted": 0, "updated": 0}';
  begin
    for r in select x from jsonb_array_elements(p_rows) x loop
      declare
        one jsonb;
      begin
        execute statement into one using jsonb_build_array(r), p_key;
        done := jsonb_build_object('inserted', (done ->> 'inserted')::bigint + (one ->> 'inserted')::bigint, 'updated', (done ->> 'updated')::bigint + (one ->> 'updated')::bigint);
      exception
        when program_limit_exceeded or sqlstate 'PT503' then raise;
        when others then
          get stacked diagnostics detail = pg_exception_detail;
          errors := errors || jsonb_build_object('line', r -> 0, 'code', sqlstate,
            'message', left(case when sqlstate in ('23503', '23505') then detail else sqlerrm end, 300));
      end;
      exit when jsonb_array_length(errors) >= 100;
    end loop;
    -- Undoes what was put in.
    if errors <> '[]' or p_check then raise exception 'undone'; end if;
  exception when raise_exception then null;
  end;
  return case when errors = '[]' then done else jsonb_build_object('errors', errors) end;
end $$;

revoke execute on function
    platform.quota(text), platform.table_usage(text), platform.measure_app(text, boolean), platform.check_room(text, bigint),
    platform.admit_rows(), platform.admit_changes(), platform.watch_table(text, text), platform.admit_table(),
    platform.all_columns(jsonb), platform.csv_cell(text), platform.text_list(text), platform.line_sql(jsonb, boolean), platform.export_rows(platform.app_tables, boolean, uuid)
  from public, anon, authenticated;
revoke execute
  on function public.app_usage(text), public.export_app(text, text, jsonb), public.import_rows(text, text, jsonb, jsonb, text, boolean)
  from public, anon, authenticated;
grant execute
  on function public.app_usage(text), public.export_app(text, text, jsonb), public.import_rows(text, text, jsonb, jsonb, text, boolean)
  to service_role;
notify pgrst, 'reload schema';

commit;
