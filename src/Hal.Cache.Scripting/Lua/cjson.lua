-- JSON by the interface and the error texts of Lua CJSON 2.1 as Redis has it.
local text, null = ...
local M = {_NAME = 'cjson', _VERSION = '2.1.0', null = null}
local format, byte, char, find, sub, gsub = string.format, string.byte, string.char, string.find, string.sub, string.gsub
local type, next, error, pcall, select, tonumber, math_type, floor = type, next, error, pcall, select, tonumber, math.type, math.floor
local concat, rawget, huge = table.concat, rawget, math.huge

local depth_max, decode_depth_max, precision = 1000, 1000, 14
local sparse_convert, sparse_ratio, sparse_safe = false, 2, 10
local encode_invalid, decode_invalid, keep_buffer = false, true, true

local escapes = {['"'] = '\\"', ['\\'] = '\\\\', ['/'] = '\\/', ['\b'] = '\\b', ['\t'] = '\\t', ['\n'] = '\\n', ['\f'] = '\\f', ['\r'] = '\\r'}
for i = 0, 31 do
  local c = char(i)
  escapes[c] = escapes[c] or format('\\u%04x', i)
end
escapes['\127'] = '\\u007f'

local function quoted(s) return '"' .. gsub(s, '[%c"\\/\127]', escapes) .. '"' end

local function number(v)
  if v ~= v or v == huge or v == -huge then
    if encode_invalid == 'null' then return 'null' end
    if not encode_invalid then error('Cannot serialise number: must not be NaN or Inf', 0) end
    return v ~= v and 'NaN' or v > 0 and 'Infinity' or '-Infinity'
  end
  return format('%.' .. precision .. 'g', v)
end

-- The length of a table that is an array, 0 for none.
local function array_length(t)
  local most, items = 0, 0
  for k in next, t do
    if type(k) ~= 'number' or k <= 0 or floor(k) ~= k then return -1 end
    if k > most then most = k end
    items = items + 1
  end
  if sparse_ratio > 0 and most > items * sparse_ratio and most > sparse_safe then
    if not sparse_convert then error('Cannot serialise table: excessively sparse array', 0) end
    return -1
  end
  return most
end

local encode_value
local function encode_table(t, out, depth)
  if depth > depth_max then error('Cannot serialise, excessive nesting (' .. depth .. ')', 0) end
  local length = array_length(t)
  if length > 0 then
    out[#out + 1] = '['
    for i = 1, length do
      if i > 1 then out[#out + 1] = ',' end
      encode_value(rawget(t, i), out, depth)
    end
    out[#out + 1] = ']'
    return
  end
  out[#out + 1] = '{'
  local first = true
  for k, v in next, t do
    if not first then out[#out + 1] = ',' end
    first = false
    if type(k) == 'string' then out[#out + 1] = quoted(k)
    elseif type(k) == 'number' then out[#out + 1] = '"' .. number(k) .. '"'
    else error('Cannot serialise ' .. type(k) .. ': table key must be a number or string', 0) end
    out[#out + 1] = ':'
    encode_value(v, out, depth)
  end
  out[#out + 1] = '}'
end

function encode_value(v, out, depth)
  local kind = type(v)
  if kind == 'string' then out[#out + 1] = quoted(v)
  elseif kind == 'number' then out[#out + 1] = number(v)
  elseif kind == 'boolean' then out[#out + 1] = v and 'true' or 'false'
  elseif kind == 'table' then encode_table(v, out, depth + 1)
  elseif v == nil or v == null then out[#out + 1] = 'null'
  else error('Cannot serialise ' .. kind .. ': type not supported', 0) end
end

function M.encode(...)
  if select('#', ...) ~= 1 then error("bad argument #1 to 'encode' (expected 1 argument)", 2) end
  local out = {}
  local ok, e = pcall(encode_value, (...), out, 0)
  if not ok then error(e, 2) end
  return concat(out)
end

local kinds = {['{'] = 'T_OBJ_BEGIN', ['}'] = 'T_OBJ_END', ['['] = 'T_ARR_BEGIN', [']'] = 'T_ARR_END', [':'] = 'T_COLON', [','] = 'T_COMMA'}
local unescapes = {['"'] = '"', ['\\'] = '\\', ['/'] = '/', b = '\b', f = '\f', n = '\n', r = '\r', t = '\t'}

-- A string from its opening quote on: its value and where it ends; else nil, the error, and where.
local function scan_string(s, at)
  local out, from = nil, at + 1
  while true do
    local stop = find(s, '["\\%z]', from)
    while stop and byte(s, stop) == 0 and stop <= #s do stop = find(s, '["\\]', stop + 1) end
    if not stop then return nil, 'unexpected end of string', #s + 1 end
    local piece = sub(s, from, stop - 1)
    if byte(s, stop) == 34 then
      if not out then return piece, stop + 1 end
      out[#out + 1] = piece
      return concat(out), stop + 1
    end
    out = out or {}
    out[#out + 1] = piece
    local code = sub(s, stop + 1, stop + 1)
    if code == 'u' then
      local hex = s:match('^%x%x%x%x', stop + 2)
      if not hex then return nil, 'invalid unicode escape code', stop end
      local point = tonumber(hex, 16)
      from = stop + 6
      if point >= 0xD800 and point <= 0xDFFF then
        local low = point < 0xDC00 and s:match('^\\u(%x%x%x%x)', from)
        low = low and tonumber(low, 16)
        if not low or low < 0xDC00 or low > 0xDFFF then return nil, 'invalid unicode escape code', stop end
        point = 0x10000 + ((point & 0x3FF) << 10 | (low & 0x3FF))
        from = from + 6
      end
      out[#out + 1] = utf8.char(point)
    else
      local plain = unescapes[code]
      if not plain then return nil, 'invalid escape code', stop end
      out[#out + 1] = plain
      from = stop + 2
    end
  end
end

local function scan_number(s, at)
  local sign, rest = s:match('^([-+]?)()', at)
  local word = s:match('^%a+', rest)
  if word then
    local lower = word:lower()
    local value
    if lower == 'infinity' then value = huge elseif lower == 'inf' then value = huge elseif lower == 'nan' then value = 0 / 0 end
    if value == nil then return nil end
    if value ~= value then value = huge - huge if value < 0 or text(value):sub(1, 1) == '-' then value = -value end end
    if sign == '-' then value = -value end
    return value, rest + #word
  end
  local hex = s:match('^0[xX]%x+%.?%x*[pP]?[-+]?%d*', rest)
  local digits = hex or s:match('^%d+%.?%d*[eE][-+]?%d+', rest) or s:match('^%d+%.?%d*', rest)
  local value = digits and tonumber(digits)
  if not value then return nil end
  if sign == '-' then value = -value end
  return value, rest + #digits
end

-- The next token: its kind, where it begins, its value, and where it ends.
local function token(s, at)
  at = find(s, '[^ \t\n\r]', at) or #s + 1
  if at > #s then return 'T_END', at, nil, at end
  local c = sub(s, at, at)
  local kind = kinds[c]
  if kind then return kind, at, nil, at + 1 end
  if c == '"' then
    local value, e, where = scan_string(s, at)
    if value then return 'T_STRING', at, value, e end
    return 'T_ERROR', where, e, where
  end
  if sub(s, at, at + 3) == 'true' then return 'T_BOOLEAN', at, true, at + 4 end
  if sub(s, at, at + 4) == 'false' then return 'T_BOOLEAN', at, false, at + 5 end
  if sub(s, at, at + 3) == 'null' then return 'T_NULL', at, null, at + 4 end
  if find(c, '[-%dNnIi]') then
    local value, e = scan_number(s, at)
    if value then return 'T_NUMBER', at, value, e end
  end
  return 'T_ERROR', at, find(c, '[-%d]') and 'invalid number' or 'invalid token', at
end

local function expected(what, kind, at, value)
  error('Expected ' .. what .. ' but found ' .. (kind == 'T_ERROR' and value or kind) .. ' at character ' .. at, 0)
end

local decode_value
local function decode_table(s, kind, begins, at, depth)
  if depth > decode_depth_max then error('Found too many nested data structures (' .. depth .. ') at character ' .. begins, 0) end
  local t = {}
  local k, where, value, e = token(s, at)
  if kind == 'T_OBJ_BEGIN' then
    if k == 'T_OBJ_END' then return t, e end
    while true do
      if k ~= 'T_STRING' then expected('object key string', k, where, value) end
      local key = value
      k, where, value, e = token(s, e)
      if k ~= 'T_COLON' then expected('colon', k, where, value) end
      k, where, value, e = token(s, e)
      t[key], e = decode_value(s, k, where, value, e, depth)
      k, where, value, e = token(s, e)
      if k == 'T_OBJ_END' then return t, e end
      if k ~= 'T_COMMA' then expected('comma or object end', k, where, value) end
      k, where, value, e = token(s, e)
    end
  end
  if k == 'T_ARR_END' then return t, e end
  for i = 1, huge do
    t[i], e = decode_value(s, k, where, value, e, depth)
    k, where, value, e = token(s, e)
    if k == 'T_ARR_END' then return t, e end
    if k ~= 'T_COMMA' then expected('comma or array end', k, where, value) end
    k, where, value, e = token(s, e)
  end
end

function decode_value(s, kind, at, value, e, depth)
  if kind == 'T_STRING' or kind == 'T_NUMBER' or kind == 'T_BOOLEAN' or kind == 'T_NULL' then return value, e end
  if kind == 'T_OBJ_BEGIN' or kind == 'T_ARR_BEGIN' then return decode_table(s, kind, at, e, depth + 1) end
  expected('value', kind, at, value)
end

local function decode(s)
  local kind, at, value, e = token(s, 1)
  local result
  result, e = decode_value(s, kind, at, value, e, 0)
  kind, at, value = token(s, e)
  if kind ~= 'T_END' then expected('the end', kind, at, value) end
  return result
end

function M.decode(...)
  if select('#', ...) ~= 1 then error("bad argument #1 to 'decode' (expected 1 argument)", 2) end
  local s = ...
  if type(s) == 'number' then s = text(s) end
  if type(s) ~= 'string' then error("bad argument #1 to 'decode' (string expected, got " .. type(s) .. ')', 2) end
  local ok, result = pcall(decode, s)
  if not ok then error(result, 2) end
  return result
end

-- Settings hold for the state's later scripts too, as in Redis.
local function integer(v, least, most, name, level)
  if type(v) ~= 'number' or v < least or v > most then
    error("bad argument #1 to '" .. name .. "' (expected integer between " .. least .. ' and ' .. most .. ')', level)
  end
  return floor(v)
end
function M.encode_max_depth(v) if v ~= nil then depth_max = integer(v, 1, 2147483647, 'encode_max_depth', 3) end return depth_max end
function M.decode_max_depth(v) if v ~= nil then decode_depth_max = integer(v, 1, 2147483647, 'decode_max_depth', 3) end return decode_depth_max end
function M.encode_number_precision(v)
  if v ~= nil then precision = integer(v, 1, 14, 'encode_number_precision', 3) end
  return precision
end
function M.encode_sparse_array(convert, ratio, safe)
  if convert ~= nil then sparse_convert = convert and true or false end
  if ratio ~= nil then sparse_ratio = integer(ratio, 0, 2147483647, 'encode_sparse_array', 3) end
  if safe ~= nil then sparse_safe = integer(safe, 0, 2147483647, 'encode_sparse_array', 3) end
  return sparse_convert, sparse_ratio, sparse_safe
end
function M.encode_keep_buffer(v) if v ~= nil then keep_buffer = v and true or false end return keep_buffer end
function M.encode_invalid_numbers(v) if v ~= nil then encode_invalid = v end return encode_invalid end
function M.decode_invalid_numbers(v) if v ~= nil then decode_invalid = v and true or false end return decode_invalid end
function M.new() return M end
return M
