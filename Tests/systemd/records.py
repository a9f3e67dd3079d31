#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""records.py FILE: prints articles as JSON Lines as fast as they are taken, until FILE is there; then writes into it how many."""
import os
import sys

number = 0
while not os.path.exists(sys.argv[1]):
    for number in range(number, number + 1000):
        print('{"id":"%d","topic":"Import","title":"Tin so %d","text":"%s"}' % (number, number, "Mot cau nua. " * 60))
    number += 1
with open(sys.argv[1], "w") as file:
    print(number, file=file)
