drop table contacts;
drop table companies;
