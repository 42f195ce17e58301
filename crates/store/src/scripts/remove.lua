-- Compare-and-delete of one key.
-- KEYS[1]: the key. ARGV[1]: the bytes that were seen.
-- Answers 1 when it removed them, 0 when the key holds something else.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1])
return 1
