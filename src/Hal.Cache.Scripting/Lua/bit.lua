-- Operations on 32-bit integers, by the interface of Lua BitOp.
local M = {}
local floor = math.floor
local function norm(x, at, name)
  local given = x
  if type(x) == 'string' then x = tonumber(x) end
  if type(x) ~= 'number' then
    error('bad argument #' .. at .. " to '" .. name .. "' (number expected, got " .. (given == nil and 'no value' or type(given)) .. ')', 3)
  end
  if math.type(x) == 'float' then
    if x ~= x or x >= 2^63 or x < -2^63 then x = 0 else
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
function M.tobit(x) return signed(norm(x, 1, 'tobit')) end
function M.bnot(x) return signed(~norm(x, 1, 'bnot')) end
function M.band(x, ...)
  x = norm(x, 1, 'band')
  for i = 1, select('#', ...) do x = x & norm((select(i, ...)), i + 1, 'band') end
  return signed(x)
end
function M.bor(x, ...)
  x = norm(x, 1, 'bor')
  for i = 1, select('#', ...) do x = x | norm((select(i, ...)), i + 1, 'bor') end
  return signed(x)
end
function M.bxor(x, ...)
  x = norm(x, 1, 'bxor')
  for i = 1, select('#', ...) do x = x ~ norm((select(i, ...)), i + 1, 'bxor') end
  return signed(x)
end
function M.lshift(x, n) return signed(norm(x, 1, 'lshift') << (norm(n, 2, 'lshift') & 31)) end
function M.rshift(x, n) return signed(norm(x, 1, 'rshift') >> (norm(n, 2, 'rshift') & 31)) end
function M.arshift(x, n)
  return signed(signed(norm(x, 1, 'arshift')) // (1 << (norm(n, 2, 'arshift') & 31)))
end
function M.rol(x, n)
  x, n = norm(x, 1, 'rol'), norm(n, 2, 'rol') & 31
  return signed((x << n) | (x >> (32 - n)))
end
function M.ror(x, n)
  x, n = norm(x, 1, 'ror'), norm(n, 2, 'ror') & 31
  return signed((x >> n) | (x << (32 - n)))
end
function M.bswap(x)
  x = norm(x, 1, 'bswap')
  return signed((x >> 24) | ((x >> 8) & 0xff00) | ((x << 8) & 0xff0000) | (x << 24))
end
function M.tohex(x, n)
  x = norm(x, 1, 'tohex')
  n = n == nil and 8 or signed(norm(n, 2, 'tohex'))
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
