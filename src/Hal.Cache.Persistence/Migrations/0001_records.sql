-- Everything that the control plane keeps over restarts: small JSON records, guarded by versions.
create sequence hal_cache.record_version as bigint;

create table hal_cache.record (
    kind text not null,
    key text collate "C" not null,
    version bigint not null,
    -- The call that wrote this version: a call whose answer was lost finds by it that it had succeeded.
    written_by uuid not null,
    written_at timestamptz not null default now(),
    value bytea not null,
    primary key (kind, key)
);
