# Eight VIPs, equal priorities: they spread; a death moves only those of the dead node.
nodes 100 100 100
vips 8
start A B C
run 3000
holders
crash A
run 1000
holders
----
[    0.393] A vip2 standby -> claiming: nobody held it
[    0.393] A vip4 standby -> claiming: nobody held it
[    0.393] A vip6 standby -> claiming: nobody held it
[    0.393] A vip7 standby -> claiming: nobody held it
[    0.396] B vip0 standby -> claiming: nobody held it
[    0.396] B vip3 standby -> claiming: nobody held it
[    0.457] C vip1 standby -> claiming: nobody held it
[    0.457] C vip5 standby -> claiming: nobody held it
[    0.493] A vip2 claiming -> holding: nobody held it
[    0.493] A vip2 holder - -> A: nobody held it
[    0.496] B vip0 claiming -> holding: nobody held it
[    0.496] B vip0 holder - -> B: nobody held it
[    0.557] C vip1 claiming -> holding: nobody held it
[    0.557] C vip1 holder - -> C: nobody held it
[    0.593] A vip4 claiming -> holding: nobody held it
[    0.593] A vip4 holder - -> A: nobody held it
[    0.596] B vip3 claiming -> holding: nobody held it
[    0.596] B vip3 holder - -> B: nobody held it
[    0.621] B vip2 holder - -> A: heard from it
[    0.643] A vip1 holder - -> C: heard from it
[    0.651] C vip2 holder - -> A: heard from it
[    0.651] C vip4 holder - -> A: heard from it
[    0.657] C vip5 claiming -> holding: nobody held it
[    0.657] C vip5 holder - -> C: nobody held it
[    0.668] B vip4 holder - -> A: heard from it
[    0.693] A vip6 claiming -> holding: nobody held it
[    0.693] A vip6 holder - -> A: nobody held it
[    0.752] B vip1 holder - -> C: heard from it
[    0.752] B vip5 holder - -> C: heard from it
[    0.753] C vip0 holder - -> B: heard from it
[    0.753] C vip3 holder - -> B: heard from it
[    0.793] A vip7 claiming -> holding: nobody held it
[    0.793] A vip7 holder - -> A: nobody held it
[    0.796] A vip0 holder - -> B: heard from it
[    0.816] A vip5 holder - -> C: heard from it
[    0.826] A vip3 holder - -> B: heard from it
[    0.876] C vip6 holder - -> A: heard from it
[    0.876] C vip7 holder - -> A: heard from it
[    0.906] B vip6 holder - -> A: heard from it
[    0.906] B vip7 holder - -> A: heard from it
= vip0: B
= vip1: C
= vip2: A
= vip3: B
= vip4: A
= vip5: C
= vip6: A
= vip7: A
[ 3101.074] B vip2 standby -> claiming (A): its holder died
[ 3101.074] B vip4 standby -> claiming (A): its holder died
[ 3101.074] B vip6 standby -> claiming (A): its holder died
[ 3101.074] B vip7 standby -> claiming (A): its holder died
[ 3101.174] B vip2 claiming -> holding (A): its holder died
[ 3101.174] B vip2 holder A -> B: its holder died
[ 3101.227] C vip2 holder A -> B: its holder died
[ 3101.274] B vip4 claiming -> holding (A): its holder died
[ 3101.274] B vip4 holder A -> B: its holder died
[ 3101.374] B vip6 claiming -> holding (A): its holder died
[ 3101.374] B vip6 holder A -> B: its holder died
[ 3101.474] B vip7 claiming -> holding (A): its holder died
[ 3101.474] B vip7 holder A -> B: its holder died
[ 3101.494] C vip4 holder A -> B: its holder died
[ 3101.577] C vip6 holder A -> B: its holder died
[ 3101.577] C vip7 holder A -> B: its holder died
= vip0: B
= vip1: C
= vip2: B
= vip3: B
= vip4: B
= vip5: C
= vip6: B
= vip7: B
