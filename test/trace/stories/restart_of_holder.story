# The holder crashes and is back before it is missed: the new incarnation is confirmed, the old one is void.
nodes 200 150 100
members on
start A B C
run 3000
mark
crash A
run 20
start A
run 1000
holders
dual
gap
----
[    0.264] C node B unknown -> alive: heard from it
[    0.363] B node A unknown -> alive: heard from it
[    0.376] A node C unknown -> alive: heard from it
[    0.393] A node B unknown -> alive: heard from it
[    0.393] A vip0 standby -> claiming: nobody held it
[    0.396] B node C unknown -> alive: heard from it
[    0.457] C node A unknown -> alive: heard from it
[  150.493] A vip0 claiming -> holding: nobody held it
[  150.493] A vip0 holder - -> A: nobody held it
[  150.673] B vip0 holder - -> A: heard from it
[  150.815] C vip0 holder - -> A: heard from it
[ 3020.339] A node B unknown -> alive: heard from it
[ 3020.437] A node C unknown -> alive: heard from it
[ 3020.437] A vip0 standby -> claiming: nobody held it
[ 3170.537] A vip0 claiming -> holding: nobody held it
[ 3170.537] A vip0 holder - -> A: nobody held it
= vip0: A
= two holders for 0.000 ms
= no holder for 170.537 ms at most
