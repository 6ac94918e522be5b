-- title: What each account was asked and cost
-- description: Calls and charges by day in Shanghai and account, pruned calls included, the cost at the price of the account in each run, from the certain minimum to the possible maximum. The token of a run without accounts is `default`.
SELECT day, account, calls, charged, free, unknown, round(money, 2) AS money,
       round(money_at_most, 2)                                       AS money_at_most,
       currency, quota_reached
  FROM spend_by_account
 WHERE day >= coalesce(date(:since, '+8 hours'), '')
   AND day <= coalesce(date(:until, '+8 hours', '-0.001 seconds'), '9999')
 ORDER BY day DESC, account
 LIMIT :limit
