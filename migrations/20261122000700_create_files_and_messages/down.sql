drop table messages;
drop table files;
