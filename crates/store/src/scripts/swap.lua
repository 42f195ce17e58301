-- Compare-and-swap of one key.
-- KEYS[1]: the key. ARGV[1], ARGV[2]: '1' and the bytes that were seen, or '0' and '' for absent.
-- ARGV[3]: the new bytes. ARGV[4]: milliseconds to live, or '0' for no end.
-- Answers 1 when it wrote. When the key holds something else it answers that: its bytes, or nothing.
local seen = ARGV[1] == '1' and ARGV[2]
local there = redis.call('GET', KEYS[1])
if there ~= seen then
  return there
end
if ARGV[4] == '0' then
  redis.call('SET', KEYS[1], ARGV[3])
else
  redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
end
return 1
