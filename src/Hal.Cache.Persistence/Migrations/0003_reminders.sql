-- What wakes grains, and the state of Orleans' own grains. As for members, the names of tables, columns, parameters and queries are Orleans'
-- interface; every query is one statement. Types are told where a parameter may be null.
create table hal_cache.OrleansRemindersTable (
    ServiceId varchar(150) not null,
    GrainId varchar(512) not null,
    ReminderName varchar(150) not null,
    StartTime timestamptz(3) not null,
    Period bigint not null,
    GrainHash integer not null,
    Version integer not null default 0,
    primary key (ServiceId, GrainId, ReminderName)
);

-- A silo reads the reminders of its part of the ring.
create index OrleansRemindersByHash on hal_cache.OrleansRemindersTable (ServiceId, GrainHash);

-- The provider's hashes of names are not kept: the names are the key.
create table hal_cache.OrleansStorage (
    ServiceId varchar(150) not null,
    GrainTypeString varchar(512) not null,
    GrainIdN0 bigint not null,
    GrainIdN1 bigint not null,
    GrainIdExtensionString varchar(512),
    PayloadBinary bytea,
    ModifiedOn timestamptz(3) not null default now(),
    Version integer not null
);

create unique index OrleansStorageKey on hal_cache.OrleansStorage
    (ServiceId, GrainTypeString, GrainIdN0, GrainIdN1, coalesce(GrainIdExtensionString, ''));

insert into hal_cache.OrleansQuery (QueryKey, QueryText) values
('UpsertReminderRowKey', $$
    insert into hal_cache.OrleansRemindersTable as r (ServiceId, GrainId, ReminderName, StartTime, Period, GrainHash)
    values (@ServiceId, @GrainId, @ReminderName, @StartTime, @Period, @GrainHash)
    on conflict (ServiceId, GrainId, ReminderName)
        do update set StartTime = excluded.StartTime, Period = excluded.Period, GrainHash = excluded.GrainHash, Version = r.Version + 1
    returning r.Version
$$),
('ReadReminderRowsKey', $$
    select GrainId, ReminderName, StartTime, Period, Version from hal_cache.OrleansRemindersTable
    where ServiceId = @ServiceId and GrainId = @GrainId
$$),
('ReadReminderRowKey', $$
    select GrainId, ReminderName, StartTime, Period, Version from hal_cache.OrleansRemindersTable
    where ServiceId = @ServiceId and GrainId = @GrainId and ReminderName = @ReminderName
$$),
('ReadRangeRows1Key', $$
    select GrainId, ReminderName, StartTime, Period, Version from hal_cache.OrleansRemindersTable
    where ServiceId = @ServiceId and GrainHash > @BeginHash and GrainHash <= @EndHash
$$),
-- The part of the ring that goes over its end.
('ReadRangeRows2Key', $$
    select GrainId, ReminderName, StartTime, Period, Version from hal_cache.OrleansRemindersTable
    where ServiceId = @ServiceId and (GrainHash > @BeginHash or GrainHash <= @EndHash)
$$),
('DeleteReminderRowKey', $$
    with gone as (
        delete from hal_cache.OrleansRemindersTable
        where ServiceId = @ServiceId and GrainId = @GrainId and ReminderName = @ReminderName and Version = @Version
        returning 1)
    select count(*)::integer from gone
$$),
('DeleteReminderRowsKey', $$
    delete from hal_cache.OrleansRemindersTable where ServiceId = @ServiceId
$$),
-- Answers the version that was given where another has written meanwhile, by which the provider knows.
('WriteToStorageKey', $$
    with moved as (
        update hal_cache.OrleansStorage s set PayloadBinary = @PayloadBinary::bytea, ModifiedOn = now(), Version = s.Version + 1
        where s.ServiceId = @ServiceId and s.GrainTypeString = @GrainTypeString and s.GrainIdN0 = @GrainIdN0 and s.GrainIdN1 = @GrainIdN1
            and s.GrainIdExtensionString is not distinct from @GrainIdExtensionString::varchar and s.Version = @GrainStateVersion::integer
        returning s.Version),
    made as (
        insert into hal_cache.OrleansStorage (ServiceId, GrainTypeString, GrainIdN0, GrainIdN1, GrainIdExtensionString, PayloadBinary, Version)
        select @ServiceId, @GrainTypeString, @GrainIdN0, @GrainIdN1, @GrainIdExtensionString::varchar, @PayloadBinary::bytea, 1
        where @GrainStateVersion::integer is null
        on conflict do nothing
        returning Version)
    select coalesce((select Version from moved), (select Version from made), @GrainStateVersion::integer) as NewGrainStateVersion
$$),
('ReadFromStorageKey', $$
    select PayloadBinary, now(), Version from hal_cache.OrleansStorage
    where ServiceId = @ServiceId and GrainTypeString = @GrainTypeString and GrainIdN0 = @GrainIdN0 and GrainIdN1 = @GrainIdN1
        and GrainIdExtensionString is not distinct from @GrainIdExtensionString::varchar
$$),
('ClearStorageKey', $$
    update hal_cache.OrleansStorage set PayloadBinary = null, ModifiedOn = now(), Version = Version + 1
    where ServiceId = @ServiceId and GrainTypeString = @GrainTypeString and GrainIdN0 = @GrainIdN0 and GrainIdN1 = @GrainIdN1
        and GrainIdExtensionString is not distinct from @GrainIdExtensionString::varchar and Version = @GrainStateVersion::integer
    returning Version as NewGrainStateVersion
$$),
('DeleteStorageKey', $$
    delete from hal_cache.OrleansStorage
    where ServiceId = @ServiceId and GrainTypeString = @GrainTypeString and GrainIdN0 = @GrainIdN0 and GrainIdN1 = @GrainIdN1
        and GrainIdExtensionString is not distinct from @GrainIdExtensionString::varchar and Version = @GrainStateVersion::integer
    returning Version + 1 as NewGrainStateVersion
$$);
