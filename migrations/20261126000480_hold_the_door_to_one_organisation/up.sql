-- The door finds tokens before it knows whose they are. Messages, tasks and notices it reads only of the
-- organisation that was entered: here the database holds it to that, whatever a function forgets.
alter policy door_select on messages using (org_id = (select app_org()));
alter policy door_select on tasks using (org_id = (select app_org()));
alter policy door_select on team_notices using (org_id = (select app_org()));
