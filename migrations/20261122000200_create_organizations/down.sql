drop table staff_sessions;
drop table members;
drop table organizations;
drop table people;
