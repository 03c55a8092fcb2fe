-- What the members of a cluster know each other by. The names of tables, columns, parameters and queries are Orleans' interface to a
-- relational membership table; every query is one statement, so that each is one transaction.
create table hal_cache.OrleansQuery (
    QueryKey varchar(64) primary key,
    QueryText varchar(8000) not null
);

create table hal_cache.OrleansMembershipVersionTable (
    DeploymentId varchar(150) primary key,
    Timestamp timestamptz(3) not null default now(),
    Version integer not null default 0
);

create table hal_cache.OrleansMembershipTable (
    DeploymentId varchar(150) not null references hal_cache.OrleansMembershipVersionTable,
    Address varchar(45) not null,
    Port integer not null,
    Generation integer not null,
    SiloName varchar(150) not null,
    HostName varchar(150) not null,
    Status integer not null,
    ProxyPort integer,
    SuspectTimes varchar(8000),
    StartTime timestamptz(3) not null,
    IAmAliveTime timestamptz(3) not null,
    primary key (DeploymentId, Address, Port, Generation)
);

insert into hal_cache.OrleansQuery (QueryKey, QueryText) values
('InsertMembershipVersionKey', $$
    with made as (
        insert into hal_cache.OrleansMembershipVersionTable (DeploymentId) values (@DeploymentId) on conflict do nothing returning 1)
    select count(*)::integer from made
$$),
-- Whoever moves the version on may change a row; the version's row is locked, so that one of two wins and the other does nothing.
('InsertMembershipKey', $$
    with turn as (
        update hal_cache.OrleansMembershipVersionTable v set Version = v.Version + 1, Timestamp = now()
        where v.DeploymentId = @DeploymentId and v.Version = @Version and not exists (
            select from hal_cache.OrleansMembershipTable m
            where m.DeploymentId = @DeploymentId and m.Address = @Address and m.Port = @Port and m.Generation = @Generation)
        returning v.DeploymentId),
    made as (
        insert into hal_cache.OrleansMembershipTable
            (DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, StartTime, IAmAliveTime)
        select DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime from turn
        returning 1)
    select count(*)::integer from made
$$),
('UpdateMembershipKey', $$
    with turn as (
        update hal_cache.OrleansMembershipVersionTable v set Version = v.Version + 1, Timestamp = now()
        where v.DeploymentId = @DeploymentId and v.Version = @Version and exists (
            select from hal_cache.OrleansMembershipTable m
            where m.DeploymentId = @DeploymentId and m.Address = @Address and m.Port = @Port and m.Generation = @Generation)
        returning v.DeploymentId),
    changed as (
        update hal_cache.OrleansMembershipTable m
        set Status = @Status, SuspectTimes = @SuspectTimes, IAmAliveTime = @IAmAliveTime from turn
        where m.DeploymentId = turn.DeploymentId and m.Address = @Address and m.Port = @Port and m.Generation = @Generation
        returning 1)
    select count(*)::integer from changed
$$),
('UpdateIAmAlivetimeKey', $$
    update hal_cache.OrleansMembershipTable set IAmAliveTime = @IAmAliveTime
    where DeploymentId = @DeploymentId and Address = @Address and Port = @Port and Generation = @Generation
$$),
-- The version comes even where there is no such member.
('MembershipReadRowKey', $$
    select v.DeploymentId, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes,
        m.StartTime, m.IAmAliveTime, v.Version
    from hal_cache.OrleansMembershipVersionTable v
    left join hal_cache.OrleansMembershipTable m
        on m.DeploymentId = v.DeploymentId and m.Address = @Address and m.Port = @Port and m.Generation = @Generation
    where v.DeploymentId = @DeploymentId
$$),
('MembershipReadAllKey', $$
    select v.DeploymentId, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes,
        m.StartTime, m.IAmAliveTime, v.Version
    from hal_cache.OrleansMembershipVersionTable v
    left join hal_cache.OrleansMembershipTable m on m.DeploymentId = v.DeploymentId
    where v.DeploymentId = @DeploymentId
$$),
('DeleteMembershipTableEntriesKey', $$
    delete from hal_cache.OrleansMembershipTable where DeploymentId = @DeploymentId;
    delete from hal_cache.OrleansMembershipVersionTable where DeploymentId = @DeploymentId
$$),
('GatewaysQueryKey', $$
    select Address, ProxyPort, Generation from hal_cache.OrleansMembershipTable
    where DeploymentId = @DeploymentId and Status = @Status and ProxyPort > 0
$$),
-- 3 is an active member.
('CleanupDefunctSiloEntriesKey', $$
    delete from hal_cache.OrleansMembershipTable
    where DeploymentId = @DeploymentId and IAmAliveTime < @IAmAliveTime and Status <> 3
$$);
