-- Adds to a number of 8 bytes, little-endian and signed. Lua's own numbers have 53 bits, so it adds bytes.
-- KEYS[1]: the key; absent is 0. ARGV[1]: what to add, in the same form.
-- Answers the sum in the same form, or nothing when the key holds no number or the sum does not fit.
local number = redis.call('GET', KEYS[1]) or string.rep('\0', 8)
if #number ~= 8 then
  return false
end
local sum, carry = {}, 0
for i = 1, 8 do
  local digit = number:byte(i) + ARGV[1]:byte(i) + carry
  sum[i] = digit % 256
  carry = (digit - sum[i]) / 256
end
local was_negative, adds_negative = number:byte(8) > 127, ARGV[1]:byte(8) > 127
if was_negative == adds_negative and was_negative ~= (sum[8] > 127) then
  return false
end
local bytes = string.char(unpack(sum))
redis.call('SET', KEYS[1], bytes)
return bytes
