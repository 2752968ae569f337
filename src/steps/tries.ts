/*
 * What each failure of a retrieval means, and how often it is tried. Codes as in domain/service-error.ts and in `report`.
 *
 * what fails                          rule                                                     tries              code
 * InitiateJob is throttled            rate halved, raised slowly; the archive is next again    no bound           -
 * Glacier is out of reach             asked after by a free call; nothing is counted           no bound           -
 * no answer to InitiateJob            ListJobs tells whether there is a job, then again        no bound           -
 * Expedited capacity is insufficient  later each time, over an hour or two; the others go on   8 calls            insufficient_capacity
 * InitiateJob fails otherwise         later each time                                          8 calls            that of the failure
 * the archive is gone                 given up at once                                         1 call             archive_not_found
 * the retrieval policy refuses        the run ends and says so; the next one goes on           1 call a run       retrieval_policy
 * the job fails at Glacier            asked for again, later each time                         5 jobs             job_failed
 * the output expires, or is gone      asked for again in order with the rest; parts stay       10 jobs            output_expired
 * a second job is refused or fails    the first output is read for as long as it lasts         8 calls, 5 jobs    -
 * GetJobOutput is throttled           rate halved, raised slowly; fewer parts at once          no bound           -
 *
 * Jobs are counted since a part has last arrived, so that an archive of many days is not given up as long as it goes on.
 */

/** InitiateJob calls that fail, for one archive. */
export const MOST_REQUEST_TRIES = 8;
/** Jobs that fail without having brought a part. */
export const MOST_FRUITLESS_JOBS = 5;
/** Jobs whose output was lost before it brought a part: nothing is wrong with the archive, so it takes longer. */
export const MOST_LOST_OUTPUTS = 2 * MOST_FRUITLESS_JOBS;
