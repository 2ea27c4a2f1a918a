drop table field_definitions;
drop table stages;
drop table record_types;
