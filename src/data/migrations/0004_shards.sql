-- What the pool of shards asks of one of them.

begin;
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- That it answers, has these migrations, and how much is in it: {"apps", "tables"}.
create or replace function public.shard_state() returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('apps', (select count(*) from platform.apps), 'tables', (select count(*) from platform.app_tables))
$$;

revoke execute on function public.shard_state() from public, anon, authenticated;
grant execute on function public.shard_state() to service_role;
notify pgrst, 'reload schema';

commit;
