-- The policies of an app's tables, judged by pgTAP: what they are, and what they come to for whoever asks.
-- Run by judges.test.mjs, which has made books_<mode> and notes_<mode> of the apps kitchen1 and garden12, and laid one row in each.
begin;
set local search_path = tap, public;

select * from no_plan();

---- What they are ----------------------------------------------------------------------------------------------------------------------

create temporary table modes on commit drop as
  select mode, 'app_kitchen1_notes_' || mode as name from unnest(array['owner', 'public_read', 'app_read', 'team', 'server']) mode;

select policies_are('public', name, case mode
    when 'server' then '{}'
    when 'public_read' then '{app_gate,app_select,app_insert,app_update,app_delete,anon_select}'
    else '{app_gate,app_select,app_insert,app_update,app_delete}' end::name[]) from modes;
select policy_roles_are('public', name, policy, '{authenticated}'::name[])
  from modes, unnest('{app_gate,app_select,app_insert,app_update,app_delete}'::name[]) policy where mode <> 'server';
select policy_roles_are('public', 'app_kitchen1_notes_public_read', 'anon_select', '{anon}'::name[]);
select policy_cmd_is('public', name, policy, command) from modes,
  (values ('app_gate'::name, 'all'), ('app_select', 'select'), ('app_insert', 'insert'), ('app_update', 'update'), ('app_delete', 'delete')) wanted (policy, command)
  where mode <> 'server';
select ok(relrowsecurity and relforcerowsecurity, name || ' has its row-level security enabled and forced')
  from modes join pg_class on oid = ('public.' || name)::regclass;
select table_privs_are('public', name, 'anon', case mode when 'public_read' then '{SELECT}' else '{}' end::text[]) from modes;
select table_privs_are('public', name, 'authenticated', case mode when 'server' then '{}' else '{SELECT,INSERT,UPDATE,DELETE}' end::text[]) from modes;
select col_is_fk('public', name, 'book'::name, name || ' refers to its book') from modes;
select ok(exists (select from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    where i.indrelid = ('public.' || name)::regclass and a.attname = wanted), name || ' is found by ' || wanted)
  from modes, unnest(array['user_id', 'book']) wanted;
select function_privs_are('public', name, arguments, role, '{}') from
  (values ('provision_app'::name, '{text,jsonb}'::name[]), ('describe_app', '{text}'), ('drop_table', '{text,text}'), ('drop_app', '{text,integer}'), ('is_member', '{text,uuid}'), ('join_app', '{text,uuid}'),
    ('sign_up_refusal', '{text,text,boolean}'), ('sign_up_policy', '{text}'), ('set_sign_up', '{text,jsonb}'), ('list_members', '{text,text,integer}'),
    ('invite_member', '{text,jsonb}'), ('set_member', '{text,uuid,jsonb}'), ('remove_member', '{text,text}'), ('app_usage', '{text}'), ('applied_migrations', '{}')) f (name, arguments),
  unnest('{anon,authenticated}'::name[]) role;
select schema_privs_are('platform', role, '{USAGE}') from unnest('{anon,authenticated}'::name[]) role;
select table_privs_are('platform', name, role, '{}') from unnest('{apps,app_tables,app_members,team_members,audit,sign_up,invitations,settings,app_quotas,app_usage,migrations}'::name[]) name, unnest('{anon,authenticated}'::name[]) role;

---- What they come to ------------------------------------------------------------------------------------------------------------------

-- As whom the next statements are made.
create function pg_temp.be(p_role text, p_user text, p_app text) returns void language plpgsql as $$
begin
  perform set_config('request.jwt.claims', json_build_object('sub', p_user, 'role', p_role, 'app_id', p_app)::text, true);
  execute format('set local role %I', p_role);
end $$;
grant usage on schema tap to anon, authenticated;
grant execute on all functions in schema tap to anon, authenticated;
grant all on all tables in schema tap to anon, authenticated;
grant all on all sequences in schema tap to anon, authenticated;

create temporary table people on commit drop as select
  (select id::text from auth.users where email = 'owner@example.com') as owner, (select id::text from auth.users where email = 'other@example.com') as other;
grant select on people to anon, authenticated;

select pg_temp.be('authenticated', owner, 'kitchen1') from people;
select is((select count(*)::int from app_kitchen1_notes_owner), 1, 'an owner reads their own');
select is((select count(*)::int from app_kitchen1_notes_team), 1, 'a member of the team reads it');
select throws_ok('select 1 from app_kitchen1_notes_server', '42501');
reset role;
select pg_temp.be('authenticated', owner, 'garden12') from people;
select is_empty('select 1 from app_kitchen1_notes_owner', 'the same person, in another app, reads nothing: owner');
select is_empty('select 1 from app_kitchen1_notes_public_read', 'the same person, in another app, reads nothing: public_read');
select is_empty('select 1 from app_kitchen1_notes_app_read', 'the same person, in another app, reads nothing: app_read');
select is_empty('select 1 from app_kitchen1_notes_team', 'the same person, in another app, reads nothing: team');
select throws_ok('insert into app_kitchen1_notes_owner default values', '42501');
select is_empty('update app_kitchen1_notes_owner set book = null returning 1', 'and changes nothing');
select is_empty('delete from app_kitchen1_notes_owner returning 1', 'and deletes nothing');
reset role;
select pg_temp.be('authenticated', other, 'kitchen1') from people;
select is_empty('select 1 from app_kitchen1_notes_owner', 'somebody else reads nothing of an owner''s');
select is((select count(*)::int from app_kitchen1_notes_app_read), 1, 'somebody else of the app reads what the app may');
select is_empty('update app_kitchen1_notes_app_read set book = null returning 1', 'and changes nothing of it');
select throws_ok(format('insert into app_kitchen1_notes_owner (user_id) values (%L)', owner), '42501') from people;
reset role;
select pg_temp.be('anon', null, null);
select is((select count(*)::int from app_kitchen1_notes_public_read), 1, 'everybody reads what is public');
select throws_ok(format('select 1 from app_kitchen1_notes_%s', mode), '42501') from unnest(array['owner', 'app_read', 'team', 'server']) mode;
select throws_ok('insert into app_kitchen1_notes_public_read default values', '42501');
reset role;

select * from finish();
rollback;
