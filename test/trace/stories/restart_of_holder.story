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
[    0.292] B node C unknown -> alive: heard from it
[    0.309] B node A unknown -> alive: heard from it
[    0.409] C node B unknown -> alive: heard from it
[    0.436] A node C unknown -> alive: heard from it
[    0.454] A node B unknown -> alive: heard from it
[    0.454] A vip0 standby -> claiming: nobody held it
[    0.487] C node A unknown -> alive: heard from it
[    0.554] A vip0 claiming -> holding: nobody held it
[    0.554] A vip0 holder - -> A: nobody held it
[    0.783] C vip0 holder - -> A: heard from it
[    0.877] B vip0 holder - -> A: heard from it
[ 3020.324] A node C unknown -> alive: heard from it
[ 3020.415] A node B unknown -> alive: heard from it
[ 3020.415] A vip0 standby -> claiming: nobody held it
[ 3020.515] A vip0 claiming -> holding: nobody held it
[ 3020.515] A vip0 holder - -> A: nobody held it
= vip0: A
= two holders for 0.000 ms
= no holder for 20.515 ms at most
