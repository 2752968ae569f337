/** Glacier alone may publish, for the topic's own account alone. */
export function topicPolicy(topicArn: string): string {
  const account = topicArn.split(':')[4];
  // AWS's documents name the first key for Glacier, its own migration tool relies on the second; both in one
  // statement would have to hold together, so each has one of its own
  const statements = ['aws:SourceAccount', 'aws:SourceOwner'].map((key) => ({
    Sid: `GlacierBy${key.slice('aws:'.length)}`,
    Effect: 'Allow',
    Principal: { Service: 'glacier.amazonaws.com' },
    Action: 'SNS:Publish',
    Resource: topicArn,
    Condition: { StringEquals: { [key]: account } },
  }));
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

/** This topic alone may send. */
export function queuePolicy(queueArn: string, topicArn: string): string {
  const statement = {
    Sid: 'TopicMaySend',
    Effect: 'Allow',
    Principal: { Service: 'sns.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: queueArn,
    Condition: { ArnEquals: { 'aws:SourceArn': topicArn } },
  };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}
