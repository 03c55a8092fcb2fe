-- MessagePack by the interface of lua-cmsgpack as Redis has it.
local text = ...
local M = {_NAME = 'cmsgpack', _VERSION = 'lua-cmsgpack 0.4.0', _COPYRIGHT = 'HAL Cache', _DESCRIPTION = 'MessagePack for Lua'}
local spack, sunpack, byte, sub, concat = string.pack, string.unpack, string.byte, string.sub, table.concat
local type, next, error, pcall, select, floor, math_type, tunpack = type, next, error, pcall, select, math.floor, math.type, table.unpack
local depth_max = 16 -- what is nested deeper is packed as nil

local function pack_integer(v)
  if v >= 0 then
    if v < 128 then return spack('B', v) end
    if v < 256 then return spack('>BB', 0xcc, v) end
    if v < 65536 then return spack('>BI2', 0xcd, v) end
    if v < 4294967296 then return spack('>BI4', 0xce, v) end
    return spack('>Bi8', 0xcf, v)
  end
  if v >= -32 then return spack('b', v) end
  if v >= -128 then return spack('>Bb', 0xd0, v) end
  if v >= -32768 then return spack('>Bi2', 0xd1, v) end
  if v >= -2147483648 then return spack('>Bi4', 0xd2, v) end
  return spack('>Bi8', 0xd3, v)
end

local function pack_string(v)
  local n = #v
  if n < 32 then return spack('B', 0xa0 | n) .. v end
  if n < 256 then return spack('>BB', 0xd9, n) .. v end
  if n < 65536 then return spack('>BI2', 0xda, n) .. v end
  return spack('>BI4', 0xdb, n) .. v
end

local function header(n, small, two, four)
  if n < 16 then return spack('B', small | n) end
  if n < 65536 then return spack('>BI2', two, n) end
  return spack('>BI4', four, n)
end

-- The length of a table whose keys are 1 to n, else nil and the number of pairs.
local function array_length(t)
  local count, most = 0, 0
  local isarray = true
  for k in next, t do
    count = count + 1
    if math_type(k) ~= 'integer' or k <= 0 then isarray = false elseif k > most then most = k end
  end
  if isarray and most == count then return count end
  return nil, count
end

local function pack_value(v, out, depth)
  local kind = type(v)
  if kind == 'string' then out[#out + 1] = pack_string(v)
  elseif kind == 'boolean' then out[#out + 1] = v and '\xc3' or '\xc2'
  elseif kind == 'number' then
    if math_type(v) == 'integer' then out[#out + 1] = pack_integer(v)
    elseif v == floor(v) and v >= -2^63 and v < 2^63 then out[#out + 1] = pack_integer(floor(v))
    elseif v ~= v or sunpack('>f', spack('>f', v)) == v then out[#out + 1] = spack('>Bf', 0xca, v)
    else out[#out + 1] = spack('>Bd', 0xcb, v) end
  elseif kind == 'table' and depth < depth_max then
    local length, pairs_count = array_length(v)
    if length then
      out[#out + 1] = header(length, 0x90, 0xdc, 0xdd)
      for i = 1, length do pack_value(rawget(v, i), out, depth + 1) end
    else
      out[#out + 1] = header(pairs_count, 0x80, 0xde, 0xdf)
      for k, item in next, v do
        pack_value(k, out, depth + 1)
        pack_value(item, out, depth + 1)
      end
    end
  else out[#out + 1] = '\xc0' end
end

function M.pack(...)
  local n = select('#', ...)
  if n == 0 then error("bad argument #0 to 'pack' (MessagePack pack needs input.)", 2) end
  local out = {}
  for i = 1, n do pack_value((select(i, ...)), out, 0) end
  return concat(out)
end

local function need(s, at, n)
  if at + n - 1 > #s then error('Missing bytes in input.', 0) end
end

local fixed = {
  [0xca] = {'>f', 4}, [0xcb] = {'>d', 8}, [0xcc] = {'B', 1}, [0xcd] = {'>I2', 2}, [0xce] = {'>I4', 4}, [0xcf] = {'>i8', 8},
  [0xd0] = {'b', 1}, [0xd1] = {'>i2', 2}, [0xd2] = {'>i4', 4}, [0xd3] = {'>i8', 8},
}
local strings = {[0xd9] = {'B', 1}, [0xda] = {'>I2', 2}, [0xdb] = {'>I4', 4}, [0xc4] = {'B', 1}, [0xc5] = {'>I2', 2}, [0xc6] = {'>I4', 4}}
local arrays = {[0xdc] = {'>I2', 2}, [0xdd] = {'>I4', 4}}
local maps = {[0xde] = {'>I2', 2}, [0xdf] = {'>I4', 4}}

local unpack_value
local function unpack_string(s, at, n)
  need(s, at, n)
  return sub(s, at, at + n - 1), at + n
end
local function unpack_array(s, at, n, depth)
  local t = {}
  for i = 1, n do t[i], at = unpack_value(s, at, depth + 1) end
  return t, at
end
local function unpack_map(s, at, n, depth)
  local t = {}
  for _ = 1, n do
    local k, v
    k, at = unpack_value(s, at, depth + 1)
    v, at = unpack_value(s, at, depth + 1)
    if k ~= nil and k == k then t[k] = v end
  end
  return t, at
end
local function length(s, at, form)
  need(s, at + 1, form[2])
  return sunpack(form[1], s, at + 1), at + 1 + form[2]
end

function unpack_value(s, at, depth)
  need(s, at, 1)
  if depth > 10000 then error('Bad data format in input.', 0) end
  local b = byte(s, at)
  if b < 0x80 then return b, at + 1 end
  if b >= 0xe0 then return b - 256, at + 1 end
  if b >= 0xa0 and b < 0xc0 then return unpack_string(s, at + 1, b & 31) end
  if b >= 0x90 and b < 0xa0 then return unpack_array(s, at + 1, b & 15, depth) end
  if b < 0x90 then return unpack_map(s, at + 1, b & 15, depth) end
  if b == 0xc0 then return nil, at + 1 end
  if b == 0xc2 then return false, at + 1 end
  if b == 0xc3 then return true, at + 1 end
  if fixed[b] then
    return length(s, at, fixed[b])
  end
  if strings[b] then
    local n, e = length(s, at, strings[b])
    return unpack_string(s, e, n)
  end
  if arrays[b] then
    local n, e = length(s, at, arrays[b])
    return unpack_array(s, e, n, depth)
  end
  if maps[b] then
    local n, e = length(s, at, maps[b])
    return unpack_map(s, e, n, depth)
  end
  error('Bad data format in input.', 0)
end

local function unpack_some(s, limit, offset)
  local out, n, at = {}, 0, offset + 1
  while at <= #s and (limit == 0 or n < limit) do
    n = n + 1
    out[n], at = unpack_value(s, at, 0)
  end
  return out, n, at > #s and -1 or at - 1
end

local function checked(name, s, limit, offset)
  if type(s) == 'number' then s = text(s) end
  if type(s) ~= 'string' then error("bad argument #1 to '" .. name .. "' (string expected, got " .. (s == nil and 'no value' or type(s)) .. ')', 3) end
  if limit < 0 or offset < 0 then error('Invalid request to unpack with offset of ' .. offset .. ' and limit of ' .. #s .. '.', 3) end
  if offset > #s then error('Start offset ' .. offset .. ' greater than input length ' .. #s .. '.', 3) end
  local ok, out, n, rest = pcall(unpack_some, s, limit, offset)
  if not ok then error(out, 3) end
  return out, n, rest
end

function M.unpack(s)
  local out, n = checked('unpack', s, 0, 0)
  return tunpack(out, 1, n)
end
function M.unpack_one(s, offset)
  local out, n, rest = checked('unpack_one', s, 1, floor(offset or 0))
  return rest, tunpack(out, 1, n)
end
function M.unpack_limit(s, limit, offset)
  local out, n, rest = checked('unpack_limit', s, floor(limit or 0), floor(offset or 0))
  return rest, tunpack(out, 1, n)
end
return M
