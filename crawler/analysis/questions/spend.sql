-- title: What each day cost
-- description: Calls and charges by day in Shanghai, pruned calls included; with --price also the cost, from the certain minimum to the possible maximum.
SELECT day, calls, charged, free, unknown,
       round(charged * :price, 2)             AS money,
       round((charged + unknown) * :price, 2) AS money_at_most
  FROM daily_spend
 WHERE day >= coalesce(date(:since, '+8 hours'), '')
   AND day <= coalesce(date(:until, '+8 hours', '-0.001 seconds'), '9999')
 ORDER BY day DESC
 LIMIT :limit
