/* SPDX-License-Identifier: Apache-2.0 */
/* A library like any other: it exports no descriptor. */
int not_a_plugin(void);
int not_a_plugin(void) { return 1; }
