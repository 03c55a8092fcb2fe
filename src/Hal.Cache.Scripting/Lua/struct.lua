-- Binary records by the interface of Lua's struct library 0.2 as Redis has it.
local M = {}
local spack, sunpack, sub, rep, find, byte, concat = string.pack, string.unpack, string.sub, string.rep, string.find, string.byte, table.concat
local type, error, pcall, select, floor, tonumber, math_type = type, error, pcall, select, math.floor, tonumber, math.type
local integer_max, native_align = 32, 8
local sizes = {b = 1, B = 1, h = 2, H = 2, l = 8, L = 8, T = 8, f = 4, d = 8, x = 1}

local function bad(at, name, what) error('bad argument #' .. at .. " to '" .. name .. "' (" .. what .. ')', 0) end

local function count(format, at, default)
  local digits = format:match('^%d+', at)
  if not digits then return default, at end
  if #digits > 9 then error('integral size overflow', 0) end
  return tonumber(digits), at + #digits
end

-- Walks the format; "with" is told each option, its size, and how many bytes align it.
local function walk(format, name, total, with)
  local endian, align, at = '<', 1, 1
  while at <= #format do
    local option = sub(format, at, at)
    at = at + 1
    local size = sizes[option]
    if option == 'i' or option == 'I' then
      size, at = count(format, at, 4)
      if size > integer_max then error('integral size ' .. size .. ' is larger than limit of ' .. integer_max, 0) end
    elseif option == 'c' then size, at = count(format, at, 1)
    elseif option == 's' then size = 0 end
    if size then
      local pad = 0
      if align > 1 and size > 0 and option ~= 'c' and option ~= 'x' then
        local to = size > align and align or size
        if to & (to - 1) == 0 then pad = (to - (total & (to - 1))) & (to - 1) end
      end
      total = total + pad
      total = total + with(option, size, pad, endian, total)
    elseif option == '<' or option == '>' then endian = option
    elseif option == '!' then
      align, at = count(format, at, native_align)
      if align == 0 or align & (align - 1) ~= 0 then error('alignment is not a power of 2', 0) end
    elseif option ~= ' ' then bad(1, name, "invalid format option '" .. option .. "'") end
  end
  return total
end

local function integer(v, arg, name)
  local given = type(v)
  if given == 'string' then v = tonumber(v) end
  if type(v) ~= 'number' then bad(arg, name, 'number expected, got ' .. given) end
  if math_type(v) == 'integer' then return v end
  if v ~= v or v >= 2^63 or v < -2^63 then return 0 end
  return v < 0 and -floor(-v) or floor(v)
end

local function pack_integer(v, size, endian)
  local bytes = spack(endian .. 'i8', v)
  if size <= 8 then return endian == '<' and sub(bytes, 1, size) or sub(bytes, 9 - size) end
  local fill = rep('\0', size - 8)
  return endian == '<' and bytes .. fill or fill .. bytes
end

local function pack(format, ...)
  local out, arg, given, n = {}, 1, {...}, select('#', ...)
  walk(format, 'pack', 0, function(option, size, pad, endian)
    if pad > 0 then out[#out + 1] = rep('\0', pad) end
    if option == 'x' then out[#out + 1] = '\0' return 1 end
    local v = given[arg]
    arg = arg + 1
    local made
    if option == 'f' or option == 'd' then
      local number = tonumber(v)
      if not number then bad(arg, 'pack', 'number expected, got ' .. (arg - 1 > n and 'no value' or type(v))) end
      made = spack(endian .. option, number)
    elseif option == 'c' or option == 's' then
      if type(v) ~= 'string' and type(v) ~= 'number' then bad(arg, 'pack', 'string expected, got ' .. (arg - 1 > n and 'no value' or type(v))) end
      v = v .. ''
      if option == 's' then
        if find(v, '\0', 1, true) then bad(arg, 'pack', 'string contains zeros') end
        made = v .. '\0'
      else
        if size == 0 then size = #v end
        if #v < size then bad(arg + 1, 'pack', 'string too short') end
        made = sub(v, 1, size)
      end
    else made = pack_integer(integer(v, arg, 'pack'), size, endian) end
    out[#out + 1] = made
    return #made
  end)
  return concat(out)
end

local function unpack_integer(s, at, size, endian, signed)
  local from = at
  if size > 8 then from = endian == '<' and at or at + size - 8 end
  local width = size > 8 and 8 or size
  local v = sunpack(endian .. (signed and 'i' or 'I') .. width, s, from)
  return not signed and v < 0 and v + 2^64 or v
end

local function unpack(format, s, at)
  local out, n = {}, 0
  local stop = walk(format, 'unpack', at - 1, function(option, size, pad, endian, total)
    local from = total + 1
    if size > #s - total then bad(2, 'unpack', 'data string too short') end
    if option == 'x' then return 1 end
    local v
    if option == 'f' or option == 'd' then v = sunpack(endian .. option, s, from)
    elseif option == 's' then
      local zero = find(s, '\0', from, true)
      if not zero then error('unfinished string in data', 0) end
      v, size = sub(s, from, zero - 1), zero - from + 1
    elseif option == 'c' then
      if size == 0 then
        if n == 0 or type(out[n]) ~= 'number' then error("format 'c0' needs a previous size", 0) end
        size = floor(out[n])
        n = n - 1
        if size < 0 or size > #s - total then bad(2, 'unpack', 'data string too short') end
      end
      v = sub(s, from, from + size - 1)
    else v = size == 0 and 0 or unpack_integer(s, from, size, endian, find('bhli', option, 1, true) ~= nil) end
    n = n + 1
    out[n] = v
    return size
  end)
  n = n + 1
  out[n] = stop + 1
  return out, n
end

local function string_argument(v, at, name)
  if type(v) == 'number' then return v .. '' end
  if type(v) ~= 'string' then error('bad argument #' .. at .. " to '" .. name .. "' (string expected, got " .. (v == nil and 'no value' or type(v)) .. ')', 3) end
  return v
end

function M.pack(format, ...)
  local ok, result = pcall(pack, string_argument(format, 1, 'pack'), ...)
  if not ok then error(result, 2) end
  return result
end

function M.unpack(format, s, at)
  format, s, at = string_argument(format, 1, 'unpack'), string_argument(s, 2, 'unpack'), floor(at or 1)
  if at == 0 then error("bad argument #3 to 'unpack' (offset must be 1 or greater)", 2) end
  if at < 0 then error("bad argument #2 to 'unpack' (data string too short)", 2) end -- a large one, to Redis
  local ok, out, n = pcall(unpack, format, s, at)
  if not ok then error(out, 2) end
  return table.unpack(out, 1, n)
end

local function size_of(format)
  return walk(format, 'size', 0, function(option, size)
    if option == 's' then bad(1, 'size', "option 's' has no fixed size") end
    if option == 'c' and size == 0 then bad(1, 'size', "option 'c0' has no fixed size") end
    return size
  end)
end

function M.size(format)
  local ok, result = pcall(size_of, string_argument(format, 1, 'size'))
  if not ok then error(result, 2) end
  return result
end
return M
