-- Widgets can show where deliverables stand with the client (DASH-2).
alter table dashboard_widgets drop constraint dashboard_widgets_built_in_check,
    add constraint dashboard_widgets_built_in_check
        check (built_in in ('RECORDS_BY_STAGE', 'ACTIVE_RECORDS', 'ON_TIME_MILESTONES', 'APPROVALS'));
