-- Makes the globals that scripts see out of Lua's own, and hands the engine what it calls. Runs once for each state.
local native, limits = ...
local G = {}
local real = _G
local assert, debug, error, type, select, setmetatable, getmetatable, rawget, rawset, next, pcall, tostring =
  assert, debug, error, type, select, setmetatable, getmetatable, rawget, rawset, next, pcall, tostring
local math_type, format, floor, load, rep, sunpack = math.type, string.format, math.floor, load, string.rep, table.unpack
local isprotected = setmetatable({}, {__mode = 'k'})

local function readonly() error('Attempt to modify a readonly table', 2) end

-- What getmetatable tells of protected tables.
local sealed = setmetatable({}, {__newindex = readonly, __metatable = false})
isprotected[sealed] = sealed

-- An empty table stands before the real one, so that every write comes to the metamethod.
local function protect(t)
  local p = setmetatable({}, {__index = t, __newindex = readonly, __metatable = sealed,
    __pairs = function() return next, t, nil end})
  isprotected[p] = t
  return p
end

local names = {'error', 'getmetatable', 'ipairs', 'next', 'pairs', 'rawequal', 'select', 'type', '_VERSION'}
for _, name in next, names do G[name] = real[name] end
G._VERSION = 'Lua 5.1'
G.unpack = table.unpack

local function text(v)
  if math_type(v) == 'float' then
    return format('%.14g', v)
  end
  return tostring(v)
end
G.tostring = text

function G.tonumber(...)
  local v, base = ...
  if select('#', ...) == 0 then error("bad argument #1 to 'tonumber' (value expected)", 2) end
  if base == nil or base == 10 then return (real.tonumber(v)) end
  return (real.tonumber(text(v), base))
end
local tonumber = real.tonumber

function G.rawset(t, k, v)
  if isprotected[t] then error('Attempt to modify a readonly table', 0) end
  return rawset(t, k, v)
end

function G.rawget(t, k)
  return rawget(isprotected[t] or t, k)
end

function G.next(t, k) return next(isprotected[t] or t, k) end

-- A finalizer would run at any time, and where it can't be interrupted: as in Lua 5.1, tables have none.
function G.setmetatable(t, m)
  if isprotected[t] then error('Attempt to modify a readonly table', 0) end
  if type(m) ~= 'table' then return setmetatable(t, m) end
  local gc = rawget(m, '__gc')
  if gc == nil then return setmetatable(t, m) end
  rawset(m, '__gc', nil)
  setmetatable(t, m)
  rawset(m, '__gc', gc)
  return t
end

function G.assert(...)
  local v, message = ...
  local kind = type(message)
  if v or message == nil or kind == 'string' or kind == 'number' then return assert(...) end
  error("bad argument #2 to 'assert' (string expected, got " .. kind .. ')', 2)
end

-- Lua 5.1 names what was wrong before it says how.
local function classic(e)
  if type(e) ~= 'string' then return e end
  return (e:gsub("^(.-: attempt to [%a ]-) a (%a+) value %((%a+) '(.-)'%)$", "%1 %3 '%4' (a %2 value)"))
end

-- The error of a command is a table; who catches it gets its text.
local function caught(ok, e, ...)
  if not ok then e = classic(e) end
  if not ok and type(e) == 'table' then
    local err = rawget(e, 'err')
    if type(err) == 'string' then return false, err end
  end
  return ok, e, ...
end
function G.pcall(...) return caught(pcall(...)) end

-- The handler runs after unwinding: before it, nothing could interrupt it.
local function handled(h, ok, ...)
  if ok then return true, ... end
  return false, h(...)
end
function G.xpcall(f, h, ...) return handled(h, G.pcall(f, ...)) end

function G.load(chunk, name, mode, ...)
  local env = G._G
  if select('#', ...) > 0 then env = ... end
  return load(chunk, name, 't', env)
end
function G.loadstring(chunk, name) return load(chunk, name or chunk, 't', G._G) end

function G.collectgarbage(what)
  if what == nil or what == 'collect' then real.collectgarbage() return 0 end
  if what == 'count' then return real.collectgarbage('count') end
  return 0
end
function G.gcinfo() return floor(real.collectgarbage('count')) end

local co = {}
for _, name in next, {'create', 'resume', 'running', 'status', 'wrap', 'yield'} do co[name] = coroutine[name] end

-- math, as in Lua 5.1
local m = {}
for _, name in next, {'abs', 'acos', 'asin', 'atan', 'ceil', 'cos', 'deg', 'exp', 'floor', 'fmod', 'huge', 'max', 'min', 'modf', 'pi', 'rad',
  'random', 'randomseed', 'sin', 'sqrt', 'tan'} do m[name] = math[name] end
local exp, log = math.exp, math.log
function m.pow(x, y) return x ^ y end
function m.log(x) return log(x) end
function m.log10(x) return log(x, 10) end
function m.atan2(y, x) return math.atan(y, x) end
m.mod = m.fmod
function m.cosh(x) return (exp(x) + exp(-x)) / 2 end
function m.sinh(x) return (exp(x) - exp(-x)) / 2 end
function m.tanh(x)
  if x > 20 then return 1.0 elseif x < -20 then return -1.0 end
  local a, b = exp(x), exp(-x)
  return (a - b) / (a + b)
end
function m.ldexp(x, e) return x * 2.0 ^ e end
function m.frexp(x)
  if x == 0 or x ~= x or x == math.huge or x == -math.huge then return x, 0 end
  local e = floor(log(math.abs(x), 2)) + 1
  local f = x / 2.0 ^ e
  if math.abs(f) >= 1 then f, e = f / 2, e + 1 elseif math.abs(f) < 0.5 then f, e = f * 2, e - 1 end
  return f, e
end
-- The generator of drand48, whose numbers are known for a seed, as in Redis; it begins anywhere.
local drawn = math.random(0) & 0xffffffffffff
function m.random(...)
  local n, a, b = select('#', ...), ...
  for i = 1, n do
    local v = select(i, ...)
    if not tonumber(v) then error('bad argument #' .. i .. " to 'random' (number expected, got " .. type(v) .. ')', 2) end
  end
  if n > 2 then error('wrong number of arguments', 2) end
  drawn = (drawn * 0x5deece66d + 0xb) & 0xffffffffffff
  local r = (drawn >> 17) % 0x7fffffff / 0x7fffffff
  if n == 0 then return r end
  a = floor(tonumber(a))
  if n == 1 then
    if a < 1 then error("bad argument #1 to 'random' (interval is empty)", 2) end
    return floor(r * a) + 1
  end
  b = floor(tonumber(b))
  if a > b then error("bad argument #2 to 'random' (interval is empty)", 2) end
  return floor(r * (b - a + 1)) + a
end
function m.randomseed(x)
  x = tonumber(x)
  if not x then error("bad argument #1 to 'randomseed' (number expected, got no value)", 2) end
  drawn = ((floor(x) & 0xffffffff) << 16) + 0x330e
end

-- string
local s = {}
for _, name in next, {'byte', 'char', 'find', 'gmatch', 'gsub', 'len', 'lower', 'match', 'reverse', 'sub', 'upper'} do s[name] = string[name] end
function s.rep(str, n)
  str = text(str)
  if str == '' then return '' end
  n = floor(n)
  if n > 0 and #str * n > 2^31 then error('resulting string too large', 2) end
  return rep(str, n)
end
function s.gfind() error("'string.gfind' was renamed to 'string.gmatch'", 2) end
-- Binary chunks are never loaded: what this gives is no more than that.
function s.dump(f)
  if type(f) ~= 'function' then error(format("bad argument #1 to 'dump' (function expected, got %s)", f == nil and 'no value' or type(f)), 2) end
  return '\27Lua'
end

-- Lua 5.1 has one kind of number: %d takes what it is cut to, %s writes what tostring does.
local function convert(f, ...)
  local args, n, at = {...}, select('#', ...), 0
  for directive in f:gmatch('%%[%-+ #0]*%d*%.?%d*(.)') do
    if directive ~= '%' then
      at = at + 1
      local v = args[at]
      if directive == 's' then
        if math_type(v) == 'float' then args[at] = text(v)
        elseif at <= n and type(v) ~= 'string' and type(v) ~= 'number' then
          error('bad argument #' .. at + 1 .. " to 'format' (string expected, got " .. type(v) .. ')', 2) -- s.format's frame is gone
        end
      elseif directive:find('[dicouxX]') then
        v = tonumber(v)
        if math_type(v) == 'float' and v == v and v > -2^63 and v < 2^63 then
          args[at] = v >= 0 and floor(v) or -floor(-v)
        end
      end
    end
  end
  return format(f, sunpack(args, 1, n))
end
function s.format(f, ...)
  local wrong = type(f) == 'string' and f:gsub('%%%%', ''):match('%%[%-+ #0%d%.]*([^%-+ #0%d%.cdiouxXeEfgGqs])')
  if wrong then error("invalid option '%" .. wrong .. "' to 'format'", 2) end
  for i = 1, select('#', ...) do
    local v = select(i, ...)
    if type(v) ~= 'string' and math_type(v) ~= 'integer' or type(v) == 'string' and f:find('%%[^s]') then
      f = f:gsub('(%%[%-+ #0]*%d*%.?%d*)u', '%1d')
      return convert(f, ...)
    end
  end
  return format(f:gsub('(%%[%-+ #0]*%d*%.?%d*)u', '%1d'), ...)
end

-- table
local t = {}
for _, name in next, {'insert', 'sort'} do t[name] = table[name] end
-- A length that a metamethod makes up would have these run on uninterrupted.
local function plain(list)
  local mt = type(list) == 'table' and debug.getmetatable(list)
  if mt and rawget(mt, '__len') then error('a table with a length of its own is not supported here', 3) end
end
function t.remove(list, at) plain(list) if at == nil then return table.remove(list) end return table.remove(list, at) end
function t.concat(list, sep, i, j)
  plain(list)
  for k = i or 1, j or #list do
    if math_type(list[k]) == 'float' then
      local copy = {}
      for n = i or 1, j or #list do copy[n] = math_type(list[n]) == 'float' and text(list[n]) or list[n] end
      return table.concat(copy, sep, i, j)
    end
  end
  return table.concat(list, sep, i, j)
end
function t.getn(list) return #list end
function t.setn() error("'setn' is obsolete", 2) end
function t.maxn(list)
  local most = 0
  for k in next, list do if type(k) == 'number' and k > most then most = k end end
  return most
end
function t.foreach(list, f)
  for k, v in next, list do local r = f(k, v) if r ~= nil then return r end end
end
function t.foreachi(list, f)
  for i = 1, #list do local r = f(i, list[i]) if r ~= nil then return r end end
end
function G.unpack(list, i, j) return sunpack(list, i, j) end

-- redis and server
local r = {
  LOG_DEBUG = 0, LOG_VERBOSE = 1, LOG_NOTICE = 2, LOG_WARNING = 3,
  REPL_NONE = 0, REPL_AOF = 1, REPL_SLAVE = 2, REPL_REPLICA = 2, REPL_ALL = 3,
  REDIS_VERSION = limits.version, REDIS_VERSION_NUM = limits.version_number,
}
local call, sha1hex, log_, setresp, acl = native.call, native.sha1hex, native.log, native.setresp, native.acl_check_cmd
local function refuse(message) error({err = 'ERR ' .. message}, 0) end
function r.call(...)
  local failed, v = call(...)
  if failed then error(v, 0) end
  return v
end
function r.pcall(...)
  local _, v = call(...)
  return v
end
function r.sha1hex(...)
  if select('#', ...) ~= 1 then refuse('wrong number of arguments') end
  local v = ...
  return sha1hex((type(v) == 'string' or type(v) == 'number') and text(v) or '')
end
function r.log(level, ...)
  local n = select('#', ...)
  if n < 1 then refuse('redis.log() requires two arguments or more.') end
  if type(level) ~= 'number' then refuse('First argument must be a number (log level).') end
  if level < 0 or level > 3 then refuse('Invalid debug level.') end
  local parts = {}
  for i = 1, n do
    local v = select(i, ...)
    if type(v) == 'string' or type(v) == 'number' then parts[#parts + 1] = text(v) end
  end
  log_(floor(level), table.concat(parts, ' '))
end
function r.setresp(...)
  if select('#', ...) ~= 1 then refuse('redis.setresp() requires one argument.') end
  local v = tonumber((...))
  if v ~= 2 and v ~= 3 then refuse('RESP version must be 2 or 3.') end
  setresp(floor(v))
end
function r.error_reply(...)
  local e = ...
  if select('#', ...) ~= 1 or type(e) ~= 'string' then return {err = 'ERR wrong number or type of arguments'} end
  if e:sub(1, 1) == '-' then e = e:sub(2) end
  e = e:gsub('[\r\n]+$', '')
  if not e:find(' ', 1, true) then e = 'ERR ' .. e end
  return {err = e}
end
function r.status_reply(...)
  local v = ...
  if select('#', ...) ~= 1 or type(v) ~= 'string' then return {err = 'ERR wrong number or type of arguments'} end
  return {ok = v}
end
function r.set_repl(...)
  local v = ...
  if select('#', ...) ~= 1 then refuse('redis.set_repl() requires two arguments.') end -- Redis counts so
  v = tonumber(v) or 0
  if v < 0 or v > 3 then refuse('Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.') end
end
function r.replicate_commands() return true end
function r.breakpoint() return false end
function r.debug() end
function r.acl_check_cmd(...)
  if select('#', ...) == 0 then refuse('Please specify at least one argument for this redis lib call') end
  for i = 1, select('#', ...) do
    local kind = type((select(i, ...)))
    if kind ~= 'string' and kind ~= 'number' then refuse('Lua redis lib command arguments must be strings or integers') end
  end
  local known = acl(...)
  if known == nil then refuse('Invalid command passed to redis.acl_check_cmd()') end
  return known
end
native.redis = r

-- Libraries are given what they need: they are Lua too.
local libraries = {}
for name, source in next, limits.libraries do
  libraries[name] = load(source, '=' .. name, 't')(text, limits.null)
end

string.format = s.format -- methods of strings
for name, f in next, s do string[name] = f end
for name in next, string do if not s[name] then string[name] = nil end end
debug.getmetatable('').__metatable = 'the metatable of strings is protected'

local env = protect(G)
G._G = env
local redis = protect(r)
G.redis, G.server = redis, redis
G.string, G.table, G.math, G.coroutine = protect(string), protect(t), protect(m), protect(co)
for name, library in next, libraries do G[name] = protect(library) end
setmetatable(G, {__index = function(_, name)
  error("Script attempted to access nonexistent global variable '" .. text(name) .. "'", 2)
end})

local getinfo = debug.getinfo
local callbacks = setmetatable({}, {__mode = 'k'})
local function handler(e)
  local source, line
  for level = 2, 20 do
    local i = getinfo(level, 'Slf')
    if not i then break end
    if i.source == '@user_script' or i.source == '@user_function' then
      source, line = i.source, i.currentline
      break
    end
    if callbacks[i.func] then
      source, line = '@user_function', callbacks[i.func]
      break
    end
  end
  if type(e) == 'table' then
    return {err = rawget(e, 'err'), source = source, line = line, ignore_error_stats_update = rawget(e, 'ignore_error_stats_update')}
  end
  e = classic(text(e))
  local plain = e:match('^sandbox:%d+: (.*)') -- raised below a function of this file
  if plain then e = source and source:sub(2) .. ':' .. line .. ': ' .. plain or plain end
  return {err = 'ERR ' .. e, source = source, line = line}
end

-- Libraries of functions: while one is loaded, redis has no commands but what registers its functions.
local registered
local flags_known = {['no-writes'] = true, ['allow-oom'] = true, ['allow-stale'] = true, ['no-cluster'] = true, ['allow-cross-slot-keys'] = true}
local function register(name, callback, description, flags)
  if not name:find('^[%w_]+$') then
    refuse('Library names can only contain letters, numbers, or underscores(_) and must be at least one character long')
  end
  for i = 1, #registered do
    if registered[i].name == name then refuse('Function already exists in the library') end
  end
  -- A callback that ends in a call leaves no frame of its own: what stands around it tells the line.
  local inner = callback
  callback = function(keys, args)
    local result = inner(keys, args)
    return result
  end
  callbacks[callback] = getinfo(inner, 'S').linedefined
  registered[#registered + 1] = {name = name, callback = callback, description = description, flags = flags}
end
local function register_named(fields)
  local name, callback, description, flags
  for k, v in next, fields do
    if k == 'function_name' then
      if type(v) ~= 'string' and type(v) ~= 'number' then refuse('function_name argument given to redis.register_function must be a string') end
      name = text(v)
    elseif k == 'description' then
      if type(v) ~= 'string' and type(v) ~= 'number' then refuse('description argument given to redis.register_function must be a string') end
      description = text(v)
    elseif k == 'callback' then
      if type(v) ~= 'function' then refuse('callback argument given to redis.register_function must be a function') end
      callback = v
    elseif k == 'flags' then
      if type(v) ~= 'table' then refuse('flags argument to redis.register_function must be a table representing function flags') end
      flags = {}
      for i = 1, #v do
        if not flags_known[v[i]] then refuse('unknown flag given') end
        flags[i] = v[i]
      end
    else refuse('unknown argument given to redis.register_function') end
  end
  if not name then refuse('redis.register_function must get a function name argument') end
  if not callback then refuse('redis.register_function must get a callback argument') end
  register(name, callback, description, table.concat(flags or {}, ','))
end
local loading = {log = r.log, REDIS_VERSION = r.REDIS_VERSION, REDIS_VERSION_NUM = r.REDIS_VERSION_NUM,
  LOG_DEBUG = 0, LOG_VERBOSE = 1, LOG_NOTICE = 2, LOG_WARNING = 3}
function loading.register_function(...)
  local n = select('#', ...)
  local name, callback = ...
  if not registered then refuse('redis.register_function can only be called on FUNCTION LOAD command') end
  if n < 1 or n > 2 then refuse('wrong number of arguments to redis.register_function') end
  if n == 1 then
    if type(name) ~= 'table' then
      refuse('calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments).')
    end
    return register_named(name)
  end
  if type(name) ~= 'string' and type(name) ~= 'number' then refuse('first argument to redis.register_function must be a string') end
  if type(callback) ~= 'function' then refuse('second argument to redis.register_function must be a function') end
  register(text(name), callback, nil, '')
end
setmetatable(loading, {__index = function(_, name)
  error("Script attempted to access nonexistent global variable '" .. text(name) .. "'", 2)
end})
local loading_redis = protect(loading)
local function load_library(chunk)
  registered = {}
  G.KEYS, G.ARGV = nil, nil
  G.redis, G.server = loading_redis, loading_redis
  local ok, e = real.xpcall(chunk, handler)
  G.redis, G.server = redis, redis
  local all = registered
  registered = nil
  if not ok then error(e, 0) end
  return all
end

return handler, env, G, load_library
