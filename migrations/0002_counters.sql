-- Numbers that are given once, also after a restart: those in the keys of workspaces that were given none.
create table counter (
  name text not null primary key,
  value integer not null
) strict, without rowid;
