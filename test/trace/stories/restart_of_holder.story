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
[    0.396] B node C unknown -> alive: heard from it
[    0.438] A node B unknown -> alive: heard from it
[    0.438] A vip0 standby -> claiming: nobody held it
[    0.457] C node A unknown -> alive: heard from it
[    0.538] A vip0 claiming -> holding: nobody held it
[    0.538] A vip0 holder - -> A: nobody held it
[    0.776] C vip0 holder - -> A: heard from it
[    0.776] B vip0 holder - -> A: heard from it
[ 3020.180] A node C unknown -> alive: heard from it
[ 3020.208] A node B unknown -> alive: heard from it
[ 3020.208] A vip0 standby -> claiming: nobody held it
[ 3020.308] A vip0 claiming -> holding: nobody held it
[ 3020.308] A vip0 holder - -> A: nobody held it
= vip0: A
= two holders for 0.000 ms
= no holder for 20.308 ms at most
