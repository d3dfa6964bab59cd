-- Who shows a table hears that its rows have changed, where the project has Supabase Realtime and the table's spec says `"realtime": true`.
--
-- What is told is the name of the table and what was done, never a row: whoever hears it asks for the rows, and policies decide then. It goes
-- by Realtime's broadcast from the database (https://supabase.com/docs/guides/realtime/broadcast#broadcast-from-the-database) to a private
-- topic of those who may read what has changed, so that deletions are told to nobody else either:
--
--   app:<app id>:everyone        whoever is at the app's address     rows of public_read
--   app:<app id>:members         the app's users                     rows of app_read
--   app:<app id>:user:<user id>  one of them                         rows of owner; of team, each of the team
--
-- Realtime looks at the policies below when somebody joins a topic, and again with each new token.

begin;
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Tells of a statement that has changed a table. Its arguments are the app, the table's own name and its access mode.
create or replace function platform.tell_change() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  app constant text := tg_argv[0];
  access constant text := tg_argv[2];
  whose constant text := case access when 'team' then 'team_id' else 'user_id' end;
  -- A row may have been another team's before.
  rows constant text := case tg_op when 'UPDATE' then '(select * from changed union all select * from before)' else 'changed' end;
  -- A statement of the platform's may change the rows of everybody. So many hear of it; the others see it the next time they look. Realtime
  -- tells nobody of anything for a while in a project that tells more than some hundreds of things a second.
  most constant integer := 200;
  whom text[];
  one text;
begin
  -- Nobody listens yet to an app that is on its way.
  if platform.is_moving() then return null; end if;
  if access in ('public_read', 'app_read') then
    execute format('select array_agg(%L::text) from (select from %s x limit 1) x', case access when 'app_read' then 'members' else 'everyone' end, rows)
      into whom;
  elsif access = 'team' then
    execute format('select array_agg(''user:'' || user_id) from (select distinct m.user_id from platform.team_members m where m.app_id = %L '
      'and m.team_id in (select %I from %s x) limit %s) x', app, whose, rows, most) into whom;
  else
    execute format('select array_agg(''user:'' || whose) from (select distinct %I as whose from %s x limit %s) x', whose, rows, most) into whom;
  end if;
  foreach one in array coalesce(whom, '{}') loop
    perform realtime.send(jsonb_build_object('table', tg_argv[1], 'type', tg_op), 'change', format('app:%s:%s', app, one), true);
  end loop;
  return null;
end $$;

-- Lets a table tell of its changes from now on, or no more. p_spec is as checked_table leaves it.
create or replace function platform.tell_changes(p_app_id text, p_spec jsonb, p_on boolean) returns void
language plpgsql volatile set search_path = '' as $$
declare
  t constant text := platform.physical_name(p_app_id, p_spec ->> 'name');
  what constant text := format('for each statement execute function platform.tell_change(%L, %L, %L)', p_app_id, p_spec ->> 'name', p_spec ->> 'access');
begin
  execute format('drop trigger if exists tell_insert on public.%I', t);
  execute format('drop trigger if exists tell_update on public.%I', t);
  execute format('drop trigger if exists tell_delete on public.%I', t);
  if not p_on then return; end if;
  if to_regprocedure('realtime.send(jsonb, text, text, boolean)') is null then
    raise exception 'the database has no Realtime' using errcode = '0A000',
      hint = format('Define %s without "realtime": what others change is seen when the page is looked at again.', p_spec ->> 'name');
  end if;
  execute format('create trigger tell_insert after insert on public.%I referencing new table as changed %s', t, what);
  execute format('create trigger tell_update after update on public.%I referencing old table as before new table as changed %s', t, what);
  execute format('create trigger tell_delete after delete on public.%I referencing old table as changed %s', t, what);
end $$;

revoke execute on function platform.tell_change(), platform.tell_changes(text, jsonb, boolean) from public, anon, authenticated;

do $$
begin
  if to_regclass('realtime.messages') is null then return; end if;
  drop policy if exists overskill_everyone on realtime.messages;
  drop policy if exists overskill_users on realtime.messages;
  -- By the token's claims alone, as for tables. Nobody says anything there but the database: for that there is no policy.
  create policy overskill_everyone on realtime.messages for select to anon, authenticated
    using (extension = 'broadcast' and (select realtime.topic()) = 'app:' || ((select auth.jwt()) ->> 'app_id') || ':everyone');
  create policy overskill_users on realtime.messages for select to authenticated
    using (extension = 'broadcast' and (select realtime.topic()) in (
      'app:' || ((select auth.jwt()) ->> 'app_id') || ':members',
      'app:' || ((select auth.jwt()) ->> 'app_id') || ':user:' || (select auth.uid())));
end $$;

notify pgrst, 'reload schema';

commit;
