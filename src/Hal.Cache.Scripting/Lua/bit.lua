-- Operations on 32-bit integers, by the interface of Lua BitOp.
local M = {}
local floor, spack, sunpack = math.floor, string.pack, string.unpack
local function norm(count, x, at, name)
  local given = x
  if type(x) == 'string' then x = tonumber(x) end
  if type(x) ~= 'number' then
    error('bad argument #' .. at .. " to '" .. name .. "' (number expected, got " .. (at > count and 'no value' or type(given)) .. ')', 3)
  end
  if math.type(x) == 'float' then
    if x ~= x or x >= 2^51 or x <= -2^51 then
      x = sunpack('<i4', spack('<d', x + 6755399441055744.0)) -- as a sum of doubles leaves it
    else
      local f = floor(x)
      if x - f > 0.5 or (x - f == 0.5 and f % 2 == 1) then f = f + 1 end
      x = f
    end
  end
  return x & 0xffffffff
end
local function signed(x)
  x = x & 0xffffffff
  return x >= 0x80000000 and x - 0x100000000 or x
end
function M.tobit(...) return signed(norm(select('#', ...), (...), 1, 'tobit')) end
function M.bnot(...) return signed(~norm(select('#', ...), (...), 1, 'bnot')) end
function M.band(...)
  local count = select('#', ...)
  local x = norm(count, (...), 1, 'band')
  for i = 2, count do x = x & norm(count, (select(i, ...)), i, 'band') end
  return signed(x)
end
function M.bor(...)
  local count = select('#', ...)
  local x = norm(count, (...), 1, 'bor')
  for i = 2, count do x = x | norm(count, (select(i, ...)), i, 'bor') end
  return signed(x)
end
function M.bxor(...)
  local count = select('#', ...)
  local x = norm(count, (...), 1, 'bxor')
  for i = 2, count do x = x ~ norm(count, (select(i, ...)), i, 'bxor') end
  return signed(x)
end
function M.lshift(...)
  local count, x, n = select('#', ...), ...
  return signed(norm(count, x, 1, 'lshift') << (norm(count, n, 2, 'lshift') & 31))
end
function M.rshift(...)
  local count, x, n = select('#', ...), ...
  return signed(norm(count, x, 1, 'rshift') >> (norm(count, n, 2, 'rshift') & 31))
end
function M.arshift(...)
  local count, x, n = select('#', ...), ...
  return signed(signed(norm(count, x, 1, 'arshift')) // (1 << (norm(count, n, 2, 'arshift') & 31)))
end
function M.rol(...)
  local count, x, n = select('#', ...), ...
  x, n = norm(count, x, 1, 'rol'), norm(count, n, 2, 'rol') & 31
  return signed((x << n) | (x >> (32 - n)))
end
function M.ror(...)
  local count, x, n = select('#', ...), ...
  x, n = norm(count, x, 1, 'ror'), norm(count, n, 2, 'ror') & 31
  return signed((x >> n) | (x << (32 - n)))
end
function M.bswap(...)
  local x = norm(select('#', ...), (...), 1, 'bswap')
  return signed((x >> 24) | ((x >> 8) & 0xff00) | ((x << 8) & 0xff0000) | (x << 24))
end
function M.tohex(...)
  local count, x, n = select('#', ...), ...
  x = norm(count, x, 1, 'tohex')
  n = count < 2 and 8 or signed(norm(count, n, 2, 'tohex'))
  local digits = n < 0 and '0123456789ABCDEF' or '0123456789abcdef'
  if n < 0 then n = -n end
  if n > 8 then n = 8 end
  local out = {}
  for i = n, 1, -1 do
    local d = x & 15
    out[i] = digits:sub(d + 1, d + 1)
    x = x >> 4
  end
  return table.concat(out, '', 1, n)
end
return M
