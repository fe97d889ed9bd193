{{ config(materialized='table') }}
select cast(day as date) as day from range(timestamp '2012-01-01', timestamp '2016-01-01', interval 1 day) as days(day)
