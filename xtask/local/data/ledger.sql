-- Which migrations a shard has. The applier makes this before the first of them, and whenever it looks: idempotent.
begin;
set local lock_timeout = '30s';
set local statement_timeout = '60s';
-- Two at once are one after the other.
select pg_advisory_xact_lock(7000000006);

create schema if not exists platform;
create table if not exists platform.migrations (
  version bigint primary key,
  name text not null,
  -- Of the file's bytes, in hexadecimal.
  sha256 text not null,
  applied_at timestamptz not null default now()
);
alter table platform.migrations enable row level security;
revoke all on platform.migrations from public, anon, authenticated;

-- What was applied, in its order: [{"version", "name", "sha256", "applied_at"}]. For whoever has the secret key and no way into the database.
create or replace function public.applied_migrations() returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(to_jsonb(m) order by m.version), '[]') from platform.migrations m
$$;
revoke execute on function public.applied_migrations() from public, anon, authenticated;
grant execute on function public.applied_migrations() to service_role;
notify pgrst, 'reload schema';

commit;
